"""Several adapters on one base: each a model of its own, and the base itself again between them."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `local`")

from models import tiny
from servers.running import judgebench, make_workspace

from judgebench.errors import DataError, UsageError
from judgebench.models import Options, Request, Spec
from judgebench.models.adapters import on_base
from judgebench.models.hf import HFModel
from judgebench.models.loading import LoadOptions, load
from judgebench.models.loading.bases import Base
from judgebench.tables.records import Sampling

LORA = {"r": 2, "lora_alpha": 32}
KINDS: dict[str, dict[str, Any]] = {
    "attention": {**LORA, "target_modules": ["q_proj", "v_proj"]},
    "all": {**LORA, "target_modules": "all-linear"},
    "head": {**LORA, "target_modules": ["lm_head"]},
    "embeddings": {**LORA, "target_modules": ["embed_tokens", "q_proj"]},
    "saved": {**LORA, "target_modules": ["q_proj"], "modules_to_save": ["lm_head"]},
    "dora": {**LORA, "target_modules": ["k_proj"], "use_dora": True},
}


def adapter(folder: Path, base: Path, seed: int = 0, **settings: Any) -> Path:
    """An adapter of random weights, as peft saves it."""
    import torch
    from transformers import AutoModelForCausalLM

    peft = pytest.importorskip("peft", reason="adapters need peft")
    torch.manual_seed(seed)
    with warnings.catch_warnings(action="ignore"):  # peft's own, about what is meant here
        model = AutoModelForCausalLM.from_pretrained(base)
        made = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **settings))
        for name, weight in made.named_parameters():
            if "lora_" in name or "modules_to_save" in name:
                weight.data = torch.randn_like(weight)
        made.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=[False, True], ids=["untied", "tied"])
def sweep(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base and adapters of every kind on it."""
    folder = tmp_path_factory.mktemp("sweep")
    tiny.checkpoint(folder / "base", vocabulary=len(tiny.SPECIAL) + len(tiny.WORDS), heat=5.0, tied=request.param)
    for number, (name, settings) in enumerate(KINDS.items()):
        adapter(folder / name, folder / "base", seed=number, **settings)
    return folder


OPTIONS = LoadOptions(device="cpu", dtype="float32")


def weights(model: Any) -> dict[str, Any]:
    """All of a model's weights, copied, and where they are shared."""
    return {name: weight.detach().clone() for name, weight in model.named_parameters(remove_duplicate=False)}


def test_the_base_is_itself_again(sweep: Path) -> None:
    """To the last bit, with its parts, what they share and its settings, after each kind of adapter."""
    import torch

    base, target = Base(), str(sweep / "base")
    plain = load(target, OPTIONS).model
    wanted, settings, parts = weights(plain), plain.config.to_dict(), [name for name, _ in plain.named_modules()]
    for name in KINDS:
        load(f"{target}+{sweep / name}", OPTIONS, base=base)
        found = base.lend(base._about, lambda: pytest.fail("it is loaded once")).model
        assert [one for one, _ in found.named_modules()] == parts
        assert found.config.to_dict() == settings
        assert found.generation_config.to_dict() == plain.generation_config.to_dict()
        own = weights(found)
        assert own.keys() == wanted.keys()
        assert all(torch.equal(own[one], wanted[one]) for one in wanted), name
        tied = found.get_output_embeddings().weight is found.get_input_embeddings().weight
        assert tied == (plain.get_output_embeddings().weight is plain.get_input_embeddings().weight)


def test_texts_are_those_of_each_alone(sweep: Path) -> None:
    """Whatever was on the base before: the same weights, and the same answers to two turns."""
    requests = [Request(question.turns, Sampling(max_tokens=6)) for question in tiny.QUESTIONS[:4]]
    base, target = Base(), str(sweep / "base")
    said = {}
    for name in (*KINDS, "attention"):
        model, alone = (
            HFModel(f"{target}+{sweep / name}", Options(device="cpu", dtype="float32", base=shared))
            for shared in (base, None)
        )
        assert model.identity == alone.identity
        found = {one.index: [said.text for said in one.completions] for one in model.generate(requests)}
        if name not in said:
            said[name] = {one.index: [said.text for said in one.completions] for one in alone.generate(requests)}
        assert found == said[name], name
    assert len({json.dumps(one) for one in said.values()}) > 1


def test_an_adapter_that_changes_nothing_is_an_error(sweep: Path, tmp_path: Path) -> None:
    """As one that was never trained: its model would pass for the base, under another name."""
    import torch
    from safetensors.torch import load_file, save_file

    folder = adapter(tmp_path / "idle", sweep / "base", **KINDS["attention"])
    path = folder / "adapter_model.safetensors"
    idle = {name: torch.zeros_like(one) if "lora_B" in name else one for name, one in load_file(path).items()}
    save_file(idle, path, metadata={"format": "pt"})
    with pytest.raises(DataError, match="idle changes nothing that its base says"):
        load(f"{sweep / 'base'}+{folder}", OPTIONS)


def test_each_adapter_is_a_model_of_its_own(tmp_path: Path) -> None:
    """By its place, or a name; of a pattern the folders that hold one, in the order of their steps."""
    for step in (800, 90, 1600):
        place = tmp_path / f"lr=0.1/step-{step}"
        place.mkdir(parents=True)
        (place / "adapter_config.json").touch()
    (tmp_path / "lr=0.1/logs").mkdir()
    found = on_base(Spec("b", "hf", "./base"), [f"{tmp_path}/lr=0.1/*", "mine=org/adapter@main", "org/other"])
    assert [spec.name for spec in found] == [
        *(f"b+{tmp_path}/lr=0.1/step-{step}" for step in (90, 800, 1600)), "mine", "b+org/other",
    ]  # fmt: skip
    assert found[0].text == f"hf:./base+{tmp_path}/lr=0.1/step-90"
    assert found[3].text == "hf:./base+org/adapter@main"


@pytest.mark.parametrize(
    ("spec", "given", "why"),
    [
        (Spec("m", "openai", "m"), "./a", "is for hf: models"),
        (Spec("b", "hf", "./b"), "./nothing/*", "no folder of an adapter"),
    ],
)
def test_what_can_t_be_meant_is_refused(spec: Spec, given: str, why: str) -> None:
    """Before anything is loaded."""
    with pytest.raises(UsageError, match=why):
        on_base(spec, [given])


@pytest.mark.parametrize("sweep", [False], indirect=True)
def test_a_sweep_is_one_command(sweep: Path, tmp_path: Path) -> None:
    """Each adapter has its table; one that is broken is named, and stops none of the others."""
    workspace = make_workspace(tmp_path / "w", tiny.QUESTIONS[:2])
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "adapter_config.json").write_text((sweep / "all" / "adapter_config.json").read_text())
    (broken / "adapter_model.safetensors").write_bytes(b"torn")
    given = ("--adapter", str(sweep / "a*"), "--adapter", str(broken), "--adapter", f"named={sweep / 'dora'}")
    ask = ("get-answers", "--questions", "small", "--model", f"base=hf:{sweep / 'base'}", "--device", "cpu")
    done = judgebench(workspace, *ask, *given, "--max-tokens", "4")
    assert done.returncode == 1
    assert "broken" in done.stderr
    rows = {name: workspace.answers("small", name).read() for name in workspace.models("small")}
    assert sorted(rows) == sorted([f"base+{sweep / 'all'}", f"base+{sweep / 'attention'}", "named"])
    assert all(len(one) == 2 and not any(row.error for row in one) for one in rows.values())
    assert len({json.dumps(one[0].provenance["added"]) for one in rows.values()}) == 3
    again = judgebench(workspace, "get-answers", "--questions", "small", "--device", "cpu", "--max-tokens", "4",
                       "--model", f"named=hf:{sweep / 'base'}+{sweep / 'dora'}")  # fmt: skip
    assert again.returncode == 0
    assert len(workspace.answers("small", "named").read()) == 2
    two = judgebench(workspace, *ask, "--model", "other=hf:./x", "--adapter", str(sweep / "all"))
    assert two.returncode == 2
    assert "give one --model" in two.stderr
