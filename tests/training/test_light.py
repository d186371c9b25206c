"""The training room runs where nothing but NumPy, PyTorch and safetensors is installed."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
for name in ("polars", "pandas", "scipy", "deltalake", "pyarrow", "pydantic", "typer", "rich", "altair", "jinja2",
             "babel", "exchange_calendars"):
    sys.modules[name] = None  # an import of it fails, as where it is not installed
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from training.test_trainings_job import light_job
from gangru.training.fold_run import train_fold
train_fold(light_job(Path(sys.argv[1])), lambda tick: None)
"""

JOB = """
from training.fold_data import planted_fold
from gangru.training.fold_run import FoldJob
from gangru.training.settings import GanSettings, PredictorSettings, TrainingSettings

def light_job(directory):
    return FoldJob(
        "2018-12-31", directory, planted_fold, "gan",
        GanSettings(generator_hidden=4, discriminator_channels=(2, 4), max_epochs=1, min_epochs=1),
        PredictorSettings(hidden=4, mlp=(4,), max_epochs=1), TrainingSettings(threads=1), "", "", {},
    )
"""


def test_a_fold_trains_without_the_market_the_store_or_the_report(tmp_path: Path) -> None:
    package = tmp_path / "path" / "training"
    package.mkdir(parents=True)
    (package / "test_trainings_job.py").write_text(JOB)
    (package / "fold_data.py").write_text((Path(__file__).parent / "fold_data.py").read_text())
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "run"), str(tmp_path / "path")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "DONE").exists()
