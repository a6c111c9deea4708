import json
import shutil
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel

from tests.models import SENTENCES, tiny_marian
from tests.unit.worker.engine.loaded import load_folder
from worker.engine.errors import ModelError
from worker.engine.fingerprint import fingerprint
from worker.engine.interface import Role
from worker.engine.loader import load
from worker.engine.registry import ModelSource

T, S = Role.TRANSLATOR, Role.SUMMARIZER


@pytest.fixture
def copy(marian: Path, tmp_path: Path) -> Path:
    """A copy of the Marian model, to break."""
    return Path(shutil.copytree(marian, tmp_path / "broken"))


def test_marian(marian: Path) -> None:
    loaded = load_folder(marian)
    (tokens,) = loaded.codec.encode([SENTENCES[0]])

    assert (loaded.info.id, loaded.info.max_source_tokens, loaded.max_target_tokens) == (marian.name, 256, 255)
    assert loaded.info.has_vectors
    assert loaded.dtype == next(loaded.model.parameters()).dtype == torch.float32
    assert not loaded.model.training
    assert tokens.ids[-1] == loaded.model.config.eos_token_id
    assert loaded.codec.decode([tokens.ids]) == [SENTENCES[0]]
    tied = loaded.model
    assert tied.lm_head.weight.data_ptr() == tied.model.encoder.embed_tokens.weight.data_ptr()


def test_bart_as_summarizer(bart: Path) -> None:
    loaded = load_folder(bart, S)
    (tokens,) = loaded.codec.encode([SENTENCES[10]])

    assert not loaded.info.has_vectors
    assert (tokens.ids[0], tokens.ids[-1]) == (0, 2)
    assert loaded.codec.decode([tokens.ids]) == [SENTENCES[10]]


def test_a_marian_model_is_no_summarizer(marian: Path) -> None:
    said = f"^{marian.name} is a translator and can't summarise: set DEPECHE_SUMMARIZER to "
    with pytest.raises(ModelError, match=said):
        load(ModelSource(marian.name, folder=marian), S, device=torch.device("cpu"))


def test_t5_gets_its_prefix_and_the_limit_of_its_tokenizer(t5: Path) -> None:
    translator, summarizer = load_folder(t5).codec, load_folder(t5, S).codec
    (plain,) = translator.encode([SENTENCES[0]])

    assert plain.text == SENTENCES[0]
    assert translator.decode([plain.ids])[0].startswith("translate French to English: Le gouvernement")
    assert summarizer.decode([summarizer.encode(["Text."])[0].ids])[0].startswith("summarize:")
    assert load_folder(t5).info.max_source_tokens == 512


def test_mbart_and_nllb_know_their_languages(mbart: Path, nllb: Path) -> None:
    for folder, source, target in ((mbart, "fr_XX", "en_XX"), (nllb, "fra_Latn", "eng_Latn")):
        codec = load_folder(folder).codec
        (tokens,) = codec.encode([SENTENCES[0]])
        known = codec._tokenizer.convert_tokens_to_ids
        assert tokens.ids[0] == known(source)
        assert codec.forced_start == known(target)
        assert known(source) != known(target)
        assert load_folder(folder, S).codec.encode([SENTENCES[10]])[0].ids[0] == known(target)


def test_special_tokens_in_a_text_are_text(marian: Path, bart: Path, t5: Path, nllb: Path) -> None:
    for folder in (marian, bart, t5, nllb):
        codec = load_folder(folder).codec
        plain, spiked, end = codec.encode(["a b", "a </s> b <pad> c fra_Latn <extra_id_0>", ">>fr<< a"])
        special = set(codec._tokenizer.all_special_ids) - {codec.unknown_id}
        for tokens in (spiked, end):
            assert [name for name in tokens.ids if name in special] == [name for name in plain.ids if name in special]
            assert len(tokens) > len(plain)
        assert spiked.text == "a </s> b <pad> c fra_Latn <extra_id_0>"


def test_texts_are_never_cut_and_nothing_is_said_of_their_length(marian: Path, bart: Path, t5: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for folder in (marian, bart, t5):
            short, long = load_folder(folder).codec.encode([SENTENCES[0], " ".join(SENTENCES * 20)])
            assert len(long) > 5000 > 20 > 0 < len(short)


def test_codecs_may_be_used_by_many_threads(bart: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    codec = load_folder(bart, S).codec
    expected = codec.encode(SENTENCES)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: codec.encode(SENTENCES), range(40)))
    assert all(rows == expected for rows in found)


def test_the_revision_is_a_hash_of_what_decides_the_output(copy: Path) -> None:
    before = load_folder(copy).info.revision
    (copy / "README.md").write_text("of no consequence")
    assert fingerprint(copy) == before
    weights = load_file(copy / "model.safetensors")
    weights["final_logits_bias"][0, 3] += 1
    save_file(weights, copy / "model.safetensors", {"format": "pt"})

    assert before.startswith("sha256:")
    assert load_folder(copy).info.revision != before
    with pytest.raises(ModelError, match=r"are sha256:\w+, not sha256:\w+ as pinned"):
        load_folder(copy, revision=before)


def test_pickled_weights_of_a_folder_want_its_hash_as_a_pin(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    torch.save(weights, copy / "pytorch_model.bin")

    with pytest.raises(ModelError, match="pickled weights only") as refused:
        load_folder(copy)
    pin = str(refused.value).rpartition(" ")[2]
    assert load_folder(copy, revision=pin).info.revision == pin


class Payload:
    """Pickles into a call of `print`, as harmful weights would into something worse."""

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return (print, ("code of the weights ran",))


def test_pickled_code_does_not_run_even_when_pinned(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "model.safetensors").unlink()
    torch.save({"x": Payload()}, copy / "pytorch_model.bin")

    with pytest.raises(ModelError, match="can't be loaded"):
        load_folder(copy, revision=fingerprint(copy))
    assert "ran" not in capsys.readouterr().out


def unlink(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def truncate(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def garble(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 1 << 40) + b"garbage")


def leave_out(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.decoder.layers.1.fc1.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def reshape(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["decoder_ffn_dim"] = 96
    (folder / "config.json").write_text(json.dumps(config))


def untie(folder: Path) -> None:
    """Says that the output layer has weights of its own, which the file does not hold."""
    config = json.loads((folder / "config.json").read_text())
    config["tie_word_embeddings"] = False
    (folder / "config.json").write_text(json.dumps(config))


def change_architecture(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    GPT2LMHeadModel(GPT2Config(n_embd=8, n_head=2, n_layer=1, vocab_size=50)).save_pretrained(folder)


def remote_code(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "ours", "auto_map": {"AutoConfig": "code.Config", "AutoModelForSeq2SeqLM": "code.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "code.py").write_text("raise SystemExit('code of the repository ran')")


def remove_tokenizer(folder: Path) -> None:
    for name in ("source.spm", "target.spm", "vocab.json", "tokenizer_config.json"):
        (folder / name).unlink()


def other_vocabulary(folder: Path) -> None:
    names = json.loads((folder / "vocab.json").read_text())
    (folder / "vocab.json").write_text(json.dumps({name: place + 5000 for name, place in names.items()}))


def lost_vocabulary(folder: Path) -> None:
    names = json.loads((folder / "vocab.json").read_text())
    kept = {name: place for name, place in names.items() if name in {"</s>", "<unk>", "<pad>"}}
    (folder / "vocab.json").write_text(json.dumps(kept))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (shutil.rmtree, "there is no folder"),
        (unlink("config.json"), "there is no config.json"),
        (lambda folder: (folder / "config.json").write_text("{broken"), "config.json can't be read"),
        (lambda folder: (folder / "config.json").write_text("[]"), "config.json can't be read"),
        (unlink("model.safetensors"), "there are no weights"),
        (truncate, "weights in .* can't be loaded"),
        (garble, "weights in .* can't be loaded"),
        (leave_out, "1 missing keys, such as model.decoder.layers.1.fc1.weight"),
        (reshape, "don't fit their config.json"),
        (untie, "missing keys, such as lm_head.weight"),
        (change_architecture, "is a gpt2 model; it must be sequence-to-sequence"),
        (remote_code, "config.json can't be read"),
        (remove_tokenizer, "there is no tokenizer"),
        (unlink("source.spm"), "the tokenizer in .* can't be read"),
        (other_vocabulary, "they don't match"),
        (lost_vocabulary, "knows next to no word"),
    ],
)
def test_a_broken_folder_is_refused_in_one_line(copy: Path, harm: Callable[[Path], object], said: str) -> None:
    harm(copy)

    with pytest.raises(ModelError, match=said) as refused:
        load_folder(copy)
    assert str(refused.value).startswith("broken")
    assert "\n" not in str(refused.value)


def test_a_tokenizer_that_lacks_the_languages_is_refused(nllb: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(nllb, tmp_path / "model"))
    text = (folder / "tokenizer.json").read_text().replace("fra_Latn", "xxx_Latn")
    (folder / "tokenizer.json").write_text(text)
    (folder / "tokenizer_config.json").write_text(
        (folder / "tokenizer_config.json").read_text().replace("fra_Latn", "xxx_Latn")
    )

    with pytest.raises(ModelError, match="does not know the languages fra_Latn and eng_Latn"):
        load_folder(folder)


def test_sharded_weights_load(tmp_path: Path) -> None:
    folder = tiny_marian(tmp_path)
    loaded = load_folder(folder)
    (folder / "model.safetensors").unlink()
    loaded.model.save_pretrained(folder, max_shard_size="40KB")
    assert (folder / "model.safetensors.index.json").is_file()
    assert load_folder(folder).info.max_source_tokens == 256

    next(iter(sorted(folder.glob("model-*.safetensors")))).unlink()
    with pytest.raises(ModelError, match="can't be loaded"):
        load_folder(folder)
