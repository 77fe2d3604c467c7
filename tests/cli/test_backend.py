"""--backend cupy, on the stand-in everywhere and on a GPU where there is one."""

import json

import pytest

import minicnn as mc
from minicnn.backends import ops_for
from tests.devices import GPU, STAND_IN, cupy_called


@pytest.fixture(params=[STAND_IN, GPU])
def cupy(request):
    with cupy_called(request.param), mc.use_backend("numpy"):
        yield


@pytest.fixture
def where(monkeypatch):
    """Where the parameters are whenever a model is trained or used."""
    seen = []

    def watched(method):
        def watching(self, *args, **options):
            seen.extend(ops_for(p).name for p in self.params.values())
            return method(self, *args, **options)

        return watching

    for name in ("fit", "predict"):
        monkeypatch.setattr(mc.Sequential, name, watched(getattr(mc.Sequential, name)))
    return seen


@pytest.mark.usefixtures("cupy", "small_catdog")
def test_the_work_is_done_there(minicnn, photographs, where):
    gpu = ("--backend", "cupy")
    assert minicnn("train", "photographs", "--epochs", 1, *gpu).code == 0
    model = "runs/train/model.safetensors"
    there = json.loads(minicnn("predict", model, "photographs", "--json", *gpu).out)["pictures"]
    assert minicnn("evaluate", model, "photographs", *gpu).code == 0
    assert set(where) == {"cupy"}

    where.clear()
    here = json.loads(minicnn("predict", model, "photographs", "--json").out)["pictures"]
    assert set(where) == {"numpy"}
    for tag, same in zip(here, there, strict=True):
        assert tag["probability"] == pytest.approx(same["probability"], abs=1e-4)
