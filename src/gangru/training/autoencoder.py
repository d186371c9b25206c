"""The same generator trained to reconstruct real windows: what AE_GRU reads, a control for the GAN."""

from pathlib import Path

import numpy as np
import torch

from gangru.training import checkpoint
from gangru.training.batches import Batch, FoldData, date_batches, epoch_random, usable
from gangru.training.feeding import generated
from gangru.training.gan import (
    BETAS,
    GanResult,
    backward,
    build_generator,
    means,
    validation_batches,
)
from gangru.training.gan_health import window_health
from gangru.training.loop import (
    DATE_ORDER,
    Curve,
    EarlyStop,
    OnTick,
    Tick,
    noise_source,
    prepare_torch,
    seeded,
    tensors_copy,
)
from gangru.training.settings import GanSettings, TrainingSettings


def train_autoencoder(
    data: FoldData, settings: GanSettings, training: TrainingSettings, state: Path, on_tick: OnTick
) -> GanResult:
    """Fit G to give back x by mean squared error on data.train; stop on data.valid. Resumes from `state`."""
    device = prepare_torch(training)
    samples = usable(data.train, training.min_stocks, "training")
    valid = validation_batches(data.valid, training, device)
    net = seeded(lambda: build_generator(data.shape[1], settings), training.seed).to(device)
    adam = torch.optim.Adam(net.parameters(), lr=settings.learning_rate, betas=BETAS)
    stop, best = EarlyStop(settings.patience), tensors_copy(net)
    curve: Curve = []
    if state.exists():
        tensors, record = checkpoint.read_tensors(state)
        checkpoint.load_net(net, checkpoint.under_prefix("net", tensors), state)
        checkpoint.load_adam(adam, checkpoint.under_prefix("adam", tensors))
        best = {name: t.to(device) for name, t in checkpoint.under_prefix("best", tensors).items()}
        stop, curve = EarlyStop(settings.patience, *record["stop"]), record["curve"]
    while len(curve) < settings.max_epochs and not stop.exhausted(len(curve)):
        epoch = len(curve) + 1
        noise = noise_source(training.seed, epoch)

        def step(batch: Batch, noise: torch.Generator = noise) -> float:
            adam.zero_grad(set_to_none=True)
            loss = torch.mean((generated(net, batch.x_NTF, settings, noise) - batch.x_NTF) ** 2)
            backward(net, loss, "the autoencoder", batch)
            adam.step()
            return float(loss.detach())

        random = epoch_random(training.seed, epoch, DATE_ORDER)
        losses = [step(b) for b in date_batches(samples, training.stocks_per_date, random, device)]
        with torch.inference_mode():
            pairs = [(b.x_NTF, generated(net, b.x_NTF, settings, noise)) for b in valid]
            health = means([window_health(real, fake) for real, fake in pairs])
            error = float(np.mean([float(torch.mean((fake - real) ** 2)) for real, fake in pairs]))
        row = {"epoch": epoch, "reconstruction_loss": float(np.mean(losses)), "valid_error": error} | health
        curve.append(row)
        if stop.improved(-error, epoch):
            best = tensors_copy(net)
        parts = {"net": net.state_dict(), "adam": checkpoint.adam_tensors(adam), "best": best}
        tensors = {
            k: v for name, part in parts.items() for k, v in checkpoint.with_prefix(name, part).items()
        }
        checkpoint.write_tensors(state, tensors, {"stop": [stop.best, stop.best_epoch], "curve": curve})
        on_tick(Tick("autoencoder", epoch, settings.max_epochs, row))
    net.load_state_dict(best)
    return GanResult(net, curve, stop.best_epoch, collapsed=False, restarted=False)
