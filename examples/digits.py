"""Trains classifiers of handwritten digits: curves, progress, tables, images, a retry, a failing run.

Data: 1,797 scans of handwritten digits, 8 × 8 pixels of 17 greys, which ship with scikit-learn: the test part of
"Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI Machine Learning Repository, CC BY 4.0).

Two pipelines, scored on the same 719 scans:

* `digits-train` trains a small neural network. It records a list metric for each learning curve, a progress artifact,
  a confusion matrix as table and image, the misread digits, a Markdown summary. One learning rate is too high.
* `digits-baseline` fits classifiers of scikit-learn. Where the first attempt of its step `fit` does not converge,
  there is a second one.
"""

import hashlib
import io
import math
import time
import warnings
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

import reportgen

DATASET_PAGE = "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits"


class TrainingDiverged(RuntimeError):  # noqa: N818 - named for what happened
    """The loss is no longer a finite number."""


class NotConverged(RuntimeError):  # noqa: N818 - the same
    """The solver stopped at its limit of iterations."""


class Digits(NamedTuple):
    """Scans (a row of pixels from 0 to 1 each), the digits they show, and their row numbers in the data set."""

    train_x: np.ndarray
    val_x: np.ndarray
    train_y: np.ndarray
    val_y: np.ndarray
    train_ids: np.ndarray
    val_ids: np.ndarray


@reportgen.step
def load() -> Digits:
    x, y = load_digits(return_X_y=True)
    digest = hashlib.sha256(x.tobytes()).hexdigest()
    reportgen.record_input("sklearn.datasets.load_digits", name="digits", digest=digest)
    reportgen.create_link_artifact(DATASET_PAGE, link_text="Digits at the UCI archive", key="dataset")
    return Digits(*train_test_split(x / 16, y, np.arange(len(y)), test_size=0.4, random_state=0))


class Network:
    """64 pixels, one hidden layer of leaky rectified units, a softmax over ten digits."""

    def __init__(self, hidden_size: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.w1 = self.rng.normal(0, np.sqrt(2 / 64), (64, hidden_size))
        self.w2 = self.rng.normal(0, np.sqrt(2 / hidden_size), (hidden_size, 10))

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the hidden units, and the logarithm of each digit's probability."""
        hidden = x @ self.w1
        hidden = np.maximum(hidden, 0.1 * hidden)
        logits = hidden @ self.w2
        logits -= logits.max(axis=1, keepdims=True)
        return hidden, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    def learn(self, x: np.ndarray, y: np.ndarray, learning_rate: float, batch_size: int) -> None:
        """Go through the scans once, in random order; each batch is one step down the gradient of its mean loss."""
        for batch in np.array_split(self.rng.permutation(len(y)), math.ceil(len(y) / batch_size)):
            hidden, log_p = self.forward(x[batch])
            slope = (np.exp(log_p) - np.eye(10)[y[batch]]) / len(batch)
            hidden_slope = slope @ self.w2.T * np.where(hidden > 0, 1, 0.1)
            self.w2 -= learning_rate * hidden.T @ slope
            self.w1 -= learning_rate * x[batch].T @ hidden_slope

    def score(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        """Give mean loss and accuracy."""
        _, log_p = self.forward(x)
        return -log_p[np.arange(len(y)), y].mean(), (log_p.argmax(axis=1) == y).mean()


@reportgen.step
def train(digits: Digits, network: Network, learning_rate: float, batch_size: int, epochs: int) -> None:
    progress = reportgen.create_progress_artifact(0, key="training-progress", description=f"0 of {epochs} epochs")
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        network.learn(digits.train_x, digits.train_y, learning_rate, batch_size)
        train_loss, _ = network.score(digits.train_x, digits.train_y)
        val_loss, val_accuracy = network.score(digits.val_x, digits.val_y)
        reportgen.record_list_metric_values("train_loss", [train_loss], x=[epoch])
        reportgen.record_list_metric_values("val_loss", [val_loss], x=[epoch])
        reportgen.record_list_metric_values("val_accuracy", [val_accuracy], x=[epoch])
        reportgen.update_progress_artifact(progress, 100 * epoch / epochs, description=f"{epoch} of {epochs} epochs")
        if not math.isfinite(val_loss):
            raise TrainingDiverged(f"loss {val_loss} in epoch {epoch}: learning rate {learning_rate} is too high")
    reportgen.record_metric_value("train_seconds", time.perf_counter() - started)


def record_scores(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """Record how well probabilities `p`, one row a scan and one column a digit, fit the true digits `y`."""
    scores = {
        "accuracy": (p.argmax(axis=1) == y).mean(),
        "log_loss": log_loss(y, p),
        "f1_macro": f1_score(y, p.argmax(axis=1), average="macro"),
    }
    for name, value in scores.items():
        reportgen.record_metric_value(name, value)
    return scores


@reportgen.step
def evaluate(digits: Digits, p: np.ndarray) -> None:
    truth, read = digits.val_y, p.argmax(axis=1)
    scores = record_scores(truth, p)
    counts = confusion_matrix(truth, read)
    reportgen.create_table_artifact(
        {"true": range(10)} | {f"read as {digit}": counts[:, digit] for digit in range(10)},
        key="confusion-matrix",
        description="How many validation digits of each kind (row) the network **read** as which (column).",
    )
    wrong = np.flatnonzero(read != truth)
    wrong = wrong[np.argsort(-p[wrong, read[wrong]])]
    mistakes = {
        "id": digits.val_ids[wrong],
        "true": truth[wrong],
        "predicted": read[wrong],
        "p_predicted": p[wrong, read[wrong]].round(4),
        "p_true": p[wrong, truth[wrong]].round(4),
    }
    earlier = reportgen.Artifact.get("worst-rows")  # of the run before; that this one used it is recorded
    reportgen.create_table_artifact(mistakes, key="worst-rows", description="Misread digits, *most confident* first.")
    draw_plots(counts, digits.val_x[wrong], mistakes)
    known = {row["id"] for row in earlier.data} if earlier else set()
    summarize(scores, counts, known & set(mistakes["id"].tolist()))


@reportgen.step(name="plots")  # called by `evaluate`: a step inside that step
def draw_plots(counts: np.ndarray, scans: np.ndarray, mistakes: dict[str, Any]) -> None:
    matrix = Figure(figsize=(2.6, 2.6))
    matrix.subplots().imshow(np.log1p(counts), cmap="Blues")
    matrix.axes[0].set(xlabel="read as", ylabel="true", xticks=range(10), yticks=range(10))
    reportgen.create_image_artifact(matrix, key="confusion-image", description="`confusion-matrix` on a log scale.")

    misread = Figure(figsize=(6.4, 1), layout="tight")
    for axes, scan, true, read in zip(
        misread.subplots(1, 10), scans, mistakes["true"], mistakes["predicted"], strict=False
    ):
        axes.imshow(scan.reshape(8, 8), cmap="gray_r")
        axes.set_title(f"{true} → {read}", fontsize=8)
        axes.set_axis_off()
    png = io.BytesIO()
    misread.savefig(png, dpi=80)
    description = "The first ten of `worst-rows`: true digit → what the network read."
    reportgen.create_image_artifact(png.getvalue(), key="digits-errors", description=description)


def summarize(scores: dict[str, float], counts: np.ndarray, known: set[int]) -> None:
    mixed_up = counts - np.diag(np.diag(counts))
    worst = [divmod(cell, 10) for cell in np.argsort(-mixed_up, axis=None, kind="stable")[:3]]
    rows = "\n".join(f"| {name} | {value:.4f} |" for name, value in scores.items())
    pairs = "\n".join(f"- {true} read as {read}: {mixed_up[true, read]} times" for true, read in worst)
    again = f"{len(known)} of them by the run before too"
    summary = f"""**{mixed_up.sum()} of {counts.sum()}** validation digits were misread, {again}; most often:

{pairs}

| metric | value |
|:--|--:|
{rows}
"""
    reportgen.create_markdown_artifact(summary, key="training-summary")


@reportgen.pipeline(name="digits-train", deployment="nightly", tags=["network"])
def train_digits(
    *, learning_rate: float = 0.1, hidden_size: int = 32, batch_size: int = 32, seed: int = 0, epochs: int = 25
) -> None:
    """Train and evaluate one network; the arguments become the run's parameters."""
    digits = load()
    network = Network(hidden_size, seed)
    n_weights = network.w1.size + network.w2.size
    note = f"{n_weights:,} weights, {len(digits.train_y):,} scans to learn from."
    reportgen.create_markdown_artifact(note, description="Size of the network")  # no key: on the run's page only
    with np.errstate(all="ignore"):  # too high a learning rate overflows; `train` looks at the loss after each epoch
        train(digits, network, learning_rate, batch_size, epochs)
    _, log_p = network.forward(digits.val_x)
    evaluate(digits, np.exp(log_p))


def fit(model: Any, digits: Digits) -> None:
    started = time.perf_counter()
    try:
        with warnings.catch_warnings(category=ConvergenceWarning, action="error"):
            model.fit(digits.train_x, digits.train_y)
    except ConvergenceWarning:
        raise NotConverged(f"{model.max_iter} iterations were not enough") from None
    reportgen.record_metric_value("train_seconds", time.perf_counter() - started)


def fit_baseline(model: Any, **params: float) -> None:
    """Fit and score one classifier of scikit-learn with these parameters."""
    name = type(model).__name__
    with reportgen.start_run("digits-baseline", deployment="nightly", params={"model": name} | params) as run:
        digits = load()
        model.set_params(**params)
        try:
            with run.step("fit"):
                fit(model, digits)
        except NotConverged:
            with run.step("fit", attempt=2):
                fit(model.set_params(max_iter=1000), digits)
        with run.step("evaluate"):
            record_scores(digits.val_y, model.predict_proba(digits.val_x))
            settings = [{"setting": name, "value": str(value)} for name, value in model.get_params().items()]
            reportgen.create_table_artifact(settings, description=f"Settings of {name}")


def runs() -> list[partial[None]]:
    """Give callables that make one run each, in order. The one with the highest learning rate raises."""
    return [
        partial(fit_baseline, LogisticRegression(max_iter=50), C=0.01),
        partial(fit_baseline, LogisticRegression(max_iter=50), C=100),
        partial(fit_baseline, KNeighborsClassifier(), n_neighbors=9),
        partial(train_digits, learning_rate=0.02),
        partial(train_digits, learning_rate=0.1),
        partial(train_digits, learning_rate=0.5),
        partial(train_digits, learning_rate=10),
        partial(train_digits, learning_rate=0.5, hidden_size=128),
        partial(train_digits, learning_rate=0.5, hidden_size=128, batch_size=128),
        partial(train_digits, learning_rate=0.5, hidden_size=128, epochs=40),
    ]


if __name__ == "__main__":
    for run in runs():
        try:
            run()
            print(f"completed  {run.func.__name__} {run.keywords}")
        except TrainingDiverged as error:
            print(f"failed     {run.func.__name__} {run.keywords}: {error}")
