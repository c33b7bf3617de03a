"""Drives `q-insight serve-model` with the official Python SDK, as its own users would: check.py URL KEY IMAGE.

Prints one line for each check and ends with 1 if one failed.
"""

from __future__ import annotations

import asyncio
import sys
import traceback

import tinker
import torch
from tinker import types

URL, KEY, IMAGE = sys.argv[1:4]
BASE = "tiny"
PROMPT = [40, 41, 42, 43, 44]
IMAGE_TOKENS = int(sys.argv[4])
failures: list[str] = []


def check(name: str):
    """Runs a check now; what it returns is shown."""

    def run(body):
        try:
            result = asyncio.run(body()) if asyncio.iscoroutinefunction(body) else body()
            print(f"ok    {name}{'' if result is None else f': {result}'}", flush=True)
        except Exception as error:  # every check is told
            failures.append(name)
            print(f"FAIL  {name}: {type(error).__name__}: {error}", flush=True)
            traceback.print_exc()

    return run


def close(a, b, tolerance):
    assert len(a) == len(b), f"{len(a)} and {len(b)} numbers"
    worst = max(abs(x - y) for x, y in zip(a, b))
    assert worst <= tolerance, f"differ by {worst}"
    return f"largest difference {worst:.2g}"


def refused(call, *words):
    try:
        call()
    except Exception as error:
        text = str(error)
        assert all(word in text for word in words), f"unexpected words: {text}"
        return text.splitlines()[0][:100]
    raise AssertionError("was not refused")


def got(client):
    """The client itself, where the SDK gives it (0.25), or the one it promises (0.38)."""
    return client.result() if "Future" in type(client).__name__ else client


service = tinker.ServiceClient(base_url=URL, api_key=KEY)
prompt = types.ModelInput.from_ints(PROMPT)
params = types.SamplingParams(max_tokens=6, temperature=1.0, seed=7)


@check("capabilities")
def _():
    models = service.get_server_capabilities().supported_models
    assert [model.model_name for model in models] == [BASE]
    return models[0].max_context_length


training = got(service.create_lora_training_client(base_model=BASE, rank=4, seed=1))


@check("create model, info")
def _():
    info = training.get_info()
    assert info.model_data.model_name == BASE
    return info.model_id


sampler = got(training.save_weights_and_get_sampling_client())
first = sampler.sample(prompt=prompt, num_samples=4, sampling_params=params).result()


@check("sample with a seed: the same again, the samples differ")
def _():
    again = sampler.sample(prompt=prompt, num_samples=4, sampling_params=params).result()
    assert [s.tokens for s in again.sequences] == [s.tokens for s in first.sequences]
    assert len({tuple(s.tokens) for s in first.sequences}) > 1
    assert all(s.stop_reason in ("length", "stop") and len(s.logprobs) == len(s.tokens) for s in first.sequences)


@check("greedy samples are one")
def _():
    greedy = types.SamplingParams(max_tokens=4, temperature=0.0)
    drawn = sampler.sample(prompt=prompt, num_samples=2, sampling_params=greedy).result()
    assert drawn.sequences[0].tokens == drawn.sequences[1].tokens


whole = types.ModelInput.from_ints(PROMPT + list(first.sequences[0].tokens))


@check("log-probs of a prompt, those of the sampler among them")
def _():
    logprobs = sampler.compute_logprobs(whole).result()
    assert len(logprobs) == whole.length and logprobs[0] is None
    # a sampler never draws the tokens that stand for pixels, so its log-probs are a little higher
    return close(logprobs[len(PROMPT) :], first.sequences[0].logprobs, 0.2)


@check("likeliest tokens of a prompt")
def _():
    one = types.SamplingParams(max_tokens=1, seed=1)
    result = sampler.sample(
        prompt=whole, num_samples=1, sampling_params=one, include_prompt_logprobs=True, topk_prompt_logprobs=330
    ).result()
    top = result.topk_prompt_logprobs
    assert len(top) == whole.length and not top[0]
    tokens = PROMPT + list(first.sequences[0].tokens)
    found = [dict(row)[token] for row, token in zip(top[1:], tokens[1:])]
    assert all(row[i][1] >= row[i + 1][1] for row in top[1:] for i in range(len(row) - 1))
    return close(found, result.prompt_logprobs[1:], 1e-4)


def datum(sequence, **inputs):
    tokens = PROMPT + list(sequence.tokens)
    zeros = [0.0] * (len(PROMPT) - 1)
    loss_inputs = {"target_tokens": types.TensorData(data=tokens[1:], dtype="int64", shape=[len(tokens) - 1])}
    for name, values in inputs.items():
        data = zeros + list(values)
        loss_inputs[name] = types.TensorData(data=data, dtype="float32", shape=[len(data)])
    return types.Datum(model_input=types.ModelInput.from_ints(tokens[:-1]), loss_fn_inputs=loss_inputs)


SIGNS = [1.0, -1.0, 0.5, -0.5]


def policy_data(advantages=SIGNS):
    return [
        datum(s, logprobs=s.logprobs, advantages=[a] * len(s.tokens)) for s, a in zip(first.sequences, advantages)
    ]


def supervised(weights=SIGNS):
    return [datum(s, weights=[w] * len(s.tokens)) for s, w in zip(first.sequences, weights)]


still = types.AdamParams(learning_rate=0.0)


def norm(metrics):
    return next(value for name, value in metrics.items() if "grad_norm" in name)


def step(loss, data, config=None):
    """The gradient norm of a loss, without a change of the weights."""
    passed = training.forward_backward(data, loss, loss_fn_config=config)
    stepped = training.optim_step(still)
    return passed.result(), norm(stepped.result().metrics)


@check("forward: log-probs of every position, no gradient")
def _():
    logprobs = training.forward(supervised(), "cross_entropy").result().loss_fn_outputs[0]["logprobs"].data
    assert len(logprobs) == whole.length - 1
    stepped = training.optim_step(still).result()
    assert norm(stepped.metrics) == 0
    return close(list(logprobs), sampler.compute_logprobs(whole).result()[1:], 1e-4)


@check("forward_backward and optim_step, one after the other")
def _():
    output, size = step("importance_sampling", policy_data())
    assert size > 0 and len(output.loss_fn_outputs) == 4
    return f"gradient norm {size:.6f}, {dict(output.metrics)}"


@check("forward_backward and optim_step, async and pipelined")
async def _():
    passed = await training.forward_backward_async(policy_data(), "importance_sampling")
    stepped = await training.optim_step_async(still)
    await passed.result_async()
    return norm((await stepped.result_async()).metrics)


@check("gradients add up: two halves are the whole")
def _():
    _, whole_norm = step("cross_entropy", supervised())
    data = supervised()
    halves = [training.forward_backward(part, "cross_entropy") for part in (data[:2], data[2:])]
    stepped = training.optim_step(still)
    for half in halves:
        half.result()
    return close([norm(stepped.result().metrics) / whole_norm], [1.0], 1e-5)


@check("a sum: the same data twice is twice the gradient")
def _():
    return close([step("cross_entropy", supervised() * 2)[1] / step("cross_entropy", supervised())[1]], [2.0], 1e-5)


@check("ppo, cispo, gspo, dro, and a loss of core's own")
def _():
    config = {"clip_low_threshold": 0.9, "clip_high_threshold": 1.1}
    norms = {name: step(name, policy_data(), config)[1] for name in ("ppo", "cispo", "gspo")}
    norms["dro"] = step("dro", policy_data(), {"beta": 0.05})[1]
    norms["sapo"] = step("sapo", policy_data())[1]
    assert all(value > 0 for value in norms.values())
    return {name: round(value, 4) for name, value in norms.items()}


@check("a loss of the caller's own (forward_backward_custom) has the gradient of the built-in one")
def _():
    exact = training.forward(policy_data(), "cross_entropy").result()
    old = [torch.tensor(list(output["logprobs"].data)) for output in exact.loss_fn_outputs]

    def loss(data, logprobs):
        total = torch.zeros(())
        for own, before, sign in zip(logprobs, old, SIGNS):
            count = len(PROMPT) - 1
            total = total - (torch.exp(own[count:] - before[count:]) * sign).sum()
        return total, {"custom": float(total)}

    plain = [datum(s) for s in first.sequences]
    passed = training.forward_backward_custom(plain, loss)
    passed.result()
    size = norm(training.optim_step(still).result().metrics)
    on_policy = [
        datum(s, logprobs=o[len(PROMPT) - 1 :].tolist(), advantages=[a] * len(s.tokens))
        for s, o, a in zip(first.sequences, old, SIGNS)
    ]
    _, native = step("importance_sampling", on_policy)
    return close([size / native], [1.0], 1e-5)


@check("image in prompt and in training")
def _():
    chunks = [
        types.EncodedTextChunk(tokens=PROMPT),
        types.ImageChunk(data=open(IMAGE, "rb").read(), format="png", expected_tokens=IMAGE_TOKENS),
        types.EncodedTextChunk(tokens=PROMPT),
    ]
    seen = sampler.sample(prompt=types.ModelInput(chunks=chunks), num_samples=2, sampling_params=params).result()
    tokens = list(seen.sequences[0].tokens)
    model_input = types.ModelInput(chunks=chunks + [types.EncodedTextChunk(tokens=tokens[:-1])])
    before = len(PROMPT) * 2 + IMAGE_TOKENS - 1
    targets = [0] * before + tokens
    weights = [0.0] * before + [1.0] * len(tokens)
    data = types.Datum(
        model_input=model_input,
        loss_fn_inputs={
            "target_tokens": types.TensorData(data=targets, dtype="int64", shape=[len(targets)]),
            "weights": types.TensorData(data=weights, dtype="float32", shape=[len(weights)]),
        },
    )
    output, size = step("cross_entropy", [data])
    assert size > 0
    return close(list(output.loss_fn_outputs[0]["logprobs"].data)[before:], seen.sequences[0].logprobs, 0.2)


@check("a picture that takes another number of tokens is refused")
def _():
    chunk = types.ImageChunk(data=open(IMAGE, "rb").read(), format="png", expected_tokens=IMAGE_TOKENS + 1)
    asked = types.ModelInput(chunks=[types.EncodedTextChunk(tokens=PROMPT), chunk])
    return refused(
        lambda: sampler.sample(prompt=asked, num_samples=1, sampling_params=params).result(), "expected_tokens"
    )


@check("training changes what is sampled")
def _():
    for _ in range(3):
        training.forward_backward(policy_data([1.0, -1.0, -1.0, -1.0]), "importance_sampling").result()
        training.optim_step(types.AdamParams(learning_rate=0.002)).result()
    after = got(training.save_weights_and_get_sampling_client())
    now, then = after.compute_logprobs(whole).result(), sampler.compute_logprobs(whole).result()
    gain = sum(now[len(PROMPT) :]) - sum(then[len(PROMPT) :])
    assert gain > 0.5, f"the rewarded answer gained only {gain}"
    return f"the rewarded answer gained {gain:.2f} nats"


saved = training.save_state("first").result()


@check("save, restore with the optimizer, and go on the same")
def _():
    other = got(service.create_training_client_from_state_with_optimizer(saved.path))
    results = []
    for client in (training, other):
        client.forward_backward(supervised(), "cross_entropy").result()
        client.optim_step(types.AdamParams(learning_rate=0.01)).result()
        output = client.forward(supervised(), "cross_entropy").result()
        results.append([value for one in output.loss_fn_outputs for value in one["logprobs"].data])
    return close(*results, 0.0)


@check("restore without the optimizer, and load_state")
def _():
    fresh = got(service.create_training_client_from_state(saved.path))
    output = fresh.forward(supervised(), "cross_entropy").result()
    own = got(service.create_lora_training_client(base_model=BASE, rank=4, seed=9))
    own.load_state(saved.path).result()
    again = own.forward(supervised(), "cross_entropy").result()
    flat = [[v for one in o.loss_fn_outputs for v in one["logprobs"].data] for o in (output, again)]
    return close(*flat, 0.0)


@check("weights for a sampler under a name; listed; sampled from")
def _():
    path = training.save_weights_for_sampler("shown").result().path
    named = got(service.create_sampling_client(model_path=path))
    logprobs = named.compute_logprobs(whole).result()
    now = got(training.save_weights_and_get_sampling_client()).compute_logprobs(whole).result()
    rest = service.create_rest_client()
    listed = rest.list_checkpoints(training.get_info().model_id).result().checkpoints
    assert {c.tinker_path for c in listed} >= {saved.path, path}
    return close(logprobs[1:], now[1:], 0.0)


@check("the base model, sampled from as it was")
def _():
    base = got(service.create_sampling_client(base_model=BASE))
    return close(base.compute_logprobs(whole).result()[1:], sampler.compute_logprobs(whole).result()[1:], 0.0)


@check("an unknown loss is refused, and the model goes on")
def _():
    text = refused(lambda: training.forward_backward(supervised(), "no_such_loss").result(), "no_such_loss")
    _, size = step("cross_entropy", supervised())
    assert size > 0
    return text


@check("an unknown setting of a loss is refused")
def _():
    return refused(lambda: step("ppo", policy_data(), {"clip": 0.1}), "clip")


@check("another base model is refused")
def _():
    return refused(lambda: got(service.create_lora_training_client(base_model="no/such-model", rank=4)), "no/such-model")


@check("a wrong key is refused")
def _():
    return refused(lambda: tinker.ServiceClient(base_url=URL, api_key="tml-wrong").get_server_capabilities(), "key")


print(f"tinker {tinker.__version__}: {len(failures)} failed{': ' + ', '.join(failures) if failures else ''}")
sys.stdout.flush()
import os

os._exit(1 if failures else 0)  # the SDK's threads would keep the process
