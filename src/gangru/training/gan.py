"""Training of the GAN by alternation, with its health watched every epoch; and of the same generator to reconstruct.

Published losses: L_G = −E[log D(G(z))], L_D = −E[log D(x)] − E[log(1 − D(G(z)))]. Nothing in L_G ties G(x) to x.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gangru.models.crew import crew_of
from gangru.models.discriminator import Discriminator
from gangru.models.gan_losses import gan_loss, gradient_penalty
from gangru.models.generator import Generator, latent_channels
from gangru.models.side_by_side import side_by_side
from gangru.training import checkpoint
from gangru.training.batches import (
    Batch,
    FoldData,
    Sample,
    batch_of,
    date_batches,
    drawn,
    epoch_random,
    usable,
)
from gangru.training.feeding import generated
from gangru.training.gan_health import CollapseRule, critic_health, is_collapsed, window_health
from gangru.training.loop import (
    DATE_ORDER,
    VALIDATION_DRAW,
    Curve,
    EarlyStop,
    OnTick,
    Tick,
    check_finite,
    gradient_norm,
    noise_source,
    prepare_torch,
    products_of,
    seeded,
    tensors_copy,
)
from gangru.training.settings import GanSettings, TrainingSettings

BETAS = (0.5, 0.999)
ANOTHER_SEED = 1_000_003  # added to the seed of a restart


@dataclass(frozen=True)
class GanResult:
    """The generator at its best epoch and how it got there.

    A run that collapsed before an epoch could be kept gives its last. `collapsed` is true where the restart
    collapsed too: whoever uses the generator has to say so.
    """

    generator: Generator
    curve: Curve
    best_epoch: int
    collapsed: bool
    restarted: bool
    first_curve: Curve = field(default_factory=list)  # of the attempt that a restart replaced


@dataclass
class Pair:
    """The two nets in training with their optimisers, and the precision of their products."""

    generator: Generator
    discriminator: Discriminator
    g_adam: torch.optim.Adam
    d_adam: torch.optim.Adam
    products: AbstractContextManager[object] = field(default_factory=nullcontext)


def build_generator(features: int, settings: GanSettings) -> Generator:
    """The generator that the settings describe."""
    channels = latent_channels(features, settings.z, settings.noise_channels)
    return Generator(
        channels,
        features,
        settings.generator_hidden,
        settings.generator_layers,
        residual=settings.generator_form == "residual",
    )


def build_pair(days: int, features: int, settings: GanSettings, seed: int, device: torch.device) -> Pair:
    """Both nets with initial weights from the seed."""
    generator = seeded(lambda: build_generator(features, settings), seed).to(device)
    discriminator = seeded(
        lambda: Discriminator(
            days, features, settings.discriminator_channels, spectral=settings.spectral_norm
        ),
        seed,
    ).to(device)
    d_rate = settings.discriminator_learning_rate or settings.learning_rate
    return Pair(
        generator,
        discriminator,
        torch.optim.Adam(generator.parameters(), lr=settings.learning_rate, betas=BETAS),
        torch.optim.Adam(discriminator.parameters(), lr=d_rate, betas=BETAS),
    )


def train_gan(
    data: FoldData, settings: GanSettings, training: TrainingSettings, state: Path, on_tick: OnTick
) -> GanResult:
    """Fit generator and discriminator on data.train alone; data.valid tells only when to stop.

    A collapsed run is restarted once with another seed. `state` is written after every epoch and resumed from.
    """
    with crew_of(training.threads):
        first = attempt(data, settings, training, state.with_suffix(".first.safetensors"), on_tick, 0)
        if not first.collapsed:
            return first
        second = attempt(
            data, settings, training, state.with_suffix(".second.safetensors"), on_tick, ANOTHER_SEED
        )
    return replace(second, restarted=True, first_curve=first.curve)


def attempt(
    data: FoldData,
    settings: GanSettings,
    training: TrainingSettings,
    state: Path,
    on_tick: OnTick,
    seed_shift: int,
) -> GanResult:
    """One run until the distance stops falling, the epochs are used up, or the nets collapse."""
    device, seed = prepare_torch(training), training.seed + seed_shift
    samples = usable(data.train, training.min_stocks, "training")
    valid = validation_batches(data.valid, training, device)
    pair = build_pair(*data.shape, settings, seed, device)
    pair.products = products_of(training, device)
    stop, best = EarlyStop(settings.patience), tensors_copy(pair.generator)
    coin_toss = gan_loss(settings.loss).coin_toss
    curve: Curve = []
    if state.exists():
        stop, curve, best = restore(state, pair, settings.patience)
    collapsed = is_collapsed(curve, CollapseRule(), coin_toss)
    while len(curve) < settings.max_epochs and not settled(stop, curve, settings) and not collapsed:
        epoch = len(curve) + 1
        random = epoch_random(seed, epoch, DATE_ORDER)
        noise = noise_source(seed, epoch)
        batches = date_batches(samples, training.stocks_per_date, random, device)
        steps = [step(pair, batch, settings, noise) for batch in batches]
        row = {"epoch": epoch} | means(steps) | validation_health(pair, valid, settings)
        curve.append(row)
        if epoch >= settings.min_epochs and stop.improved(-row["distance"], epoch):
            best = tensors_copy(pair.generator)
        collapsed = is_collapsed(curve, CollapseRule(), coin_toss)
        save(state, pair, best, stop, curve)
        on_tick(Tick("gan", epoch, settings.max_epochs, row))
    if stop.best_epoch:
        pair.generator.load_state_dict(best)
    return GanResult(pair.generator, curve, stop.best_epoch or len(curve), collapsed, restarted=False)


def settled(stop: EarlyStop, curve: Curve, settings: GanSettings) -> bool:
    """Convergence: past the first epochs, and no smaller distance for `patience` epochs."""
    return len(curve) >= settings.min_epochs and stop.exhausted(len(curve))


def step(pair: Pair, batch: Batch, settings: GanSettings, noise: torch.Generator) -> dict[str, float]:
    """Discriminator steps, then one generator step, on one date's windows.

    Without noise all of them read the same generated windows, for the generator does not move meanwhile.
    """
    loss, real = gan_loss(settings.loss), batch.x_NTF
    steady = settings.z == "window"
    made = regenerated(pair, real, settings, noise) if steady else None
    for _ in range(settings.discriminator_steps):
        if made is None:
            with torch.no_grad():
                fake = regenerated(pair, real, settings, noise)
        else:
            fake = made.detach()
        pair.d_adam.zero_grad(set_to_none=True)
        logit_real, logit_fake = judged(pair, real, settings), judged(pair, fake, settings)
        d_loss = loss.discriminator(logit_real, logit_fake, settings.label_smoothing)
        if loss.penalised:
            penalty = gradient_penalty(pair.discriminator, real, fake, noise)
            d_loss = d_loss + settings.gradient_penalty * penalty
        d_norm = backward(pair.discriminator, d_loss, "the discriminator", batch, logit_fake)
        pair.d_adam.step()
    pair.g_adam.zero_grad(set_to_none=True)
    fake = regenerated(pair, real, settings, noise) if made is None else made
    pair.discriminator.requires_grad_(False)  # what the generator learns from it costs no gradient of its own
    logit = judged(pair, fake, settings)
    pair.discriminator.requires_grad_(True)
    g_loss = loss.generator(logit)
    total = g_loss + settings.reconstruction_weight * torch.mean((fake - real) ** 2)
    g_norm = backward(pair.generator, total, "the generator", batch, logit)
    pair.g_adam.step()
    return {
        "d_loss": float(d_loss.detach()),
        "g_loss": float(g_loss.detach()),
        "d_gradient_norm": d_norm,
        "g_gradient_norm": g_norm,
        "d_real_accuracy": float((logit_real > 0).float().mean()),
        "d_fake_accuracy": float((logit_fake <= 0).float().mean()),
    }


def regenerated(pair: Pair, x_NTF: Tensor, settings: GanSettings, noise: torch.Generator) -> Tensor:
    """G's windows for these real ones."""
    with pair.products:
        return generated(pair.generator, x_NTF, settings, noise)


def judged(pair: Pair, x_NTF: Tensor, settings: GanSettings) -> Tensor:
    """D's logits; a spectral norm moves at every call, and so is called once for all."""
    net = pair.discriminator
    with pair.products:
        whole = settings.spectral_norm or torch.is_autocast_enabled(x_NTF.device.type)
        logits: Tensor = net(x_NTF) if whole else side_by_side(net, x_NTF)
    return logits.float()


def backward(net: nn.Module, loss: Tensor, who: str, batch: Batch, output_N: Tensor | None = None) -> float:
    """Gradients of a loss, checked to be finite; their norm."""
    check_finite(loss, f"{who}'s loss", batch, output_N)
    loss.backward()  # type: ignore[no-untyped-call]
    norm = gradient_norm(net)
    check_finite(norm, f"{who}'s gradient", batch, output_N)
    return float(norm)


def validation_batches(
    samples: tuple[Sample, ...], training: TrainingSettings, device: torch.device
) -> list[Batch]:
    """The validation dates' windows, the same draw of stocks every epoch."""
    random = epoch_random(training.seed, 0, VALIDATION_DRAW)
    return [
        batch_of(sample, drawn(len(sample.label_N), training.stocks_per_date, random), device)
        for sample in samples
    ]


def validation_health(pair: Pair, valid: list[Batch], settings: GanSettings) -> dict[str, float]:
    """Health figures at an epoch's end, mean over the validation dates; the nets are left as they were."""
    noise, loss = torch.Generator().manual_seed(0), gan_loss(settings.loss)
    pair.discriminator.eval()  # spectral normalisation learns nothing from being watched
    rows = []
    with torch.inference_mode():
        for batch in valid:
            fake = generated(pair.generator, batch.x_NTF, settings, noise)
            seen = critic_health(loss, pair.discriminator(batch.x_NTF), pair.discriminator(fake))
            rows.append(seen | window_health(batch.x_NTF, fake))
    pair.discriminator.train()
    return means(rows)


def means(rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean of each figure."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def save(state: Path, pair: Pair, best: dict[str, Tensor], stop: EarlyStop, curve: Curve) -> None:
    """Write the state of the training after an epoch."""
    tensors = (
        checkpoint.with_prefix("generator", pair.generator.state_dict())
        | checkpoint.with_prefix("discriminator", pair.discriminator.state_dict())
        | checkpoint.with_prefix("g_adam", checkpoint.adam_tensors(pair.g_adam))
        | checkpoint.with_prefix("d_adam", checkpoint.adam_tensors(pair.d_adam))
        | checkpoint.with_prefix("best", best)
    )
    checkpoint.write_tensors(state, tensors, {"stop": asdict(stop), "curve": curve})


def restore(state: Path, pair: Pair, patience: int) -> tuple[EarlyStop, Curve, dict[str, Tensor]]:
    """Put both nets and optimisers back to where the state was written."""
    tensors, record = checkpoint.read_tensors(state)
    checkpoint.load_net(pair.generator, checkpoint.under_prefix("generator", tensors), state)
    checkpoint.load_net(pair.discriminator, checkpoint.under_prefix("discriminator", tensors), state)
    checkpoint.load_adam(pair.g_adam, checkpoint.under_prefix("g_adam", tensors))
    checkpoint.load_adam(pair.d_adam, checkpoint.under_prefix("d_adam", tensors))
    device = next(pair.generator.parameters()).device
    best = {name: tensor.to(device) for name, tensor in checkpoint.under_prefix("best", tensors).items()}
    return EarlyStop(patience, record["stop"]["best"], record["stop"]["best_epoch"]), record["curve"], best
