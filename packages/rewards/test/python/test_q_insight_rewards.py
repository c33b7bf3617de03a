"""Run by `npm run test:python`: only needs Python 3.9 or newer."""

from __future__ import annotations

import base64
import email.utils
import functools
import importlib.util
import io
import json
import os
import pickle
import socket
import sys
import threading
import time
import types
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

import q_insight_rewards as client_module  # noqa: E402
from q_insight_rewards import (  # noqa: E402
    RewardClient,
    RewardServerError,
    SwiftReward,
    areal_reward,
    compute_score,
    compute_score_batch,
    easyr1_score,
    reward_func,
    trl_reward,
)

Reply = tuple[int, dict[str, str], Any]


def scored(body: dict[str, Any]) -> Reply:
    """Answers as the server does: the score is the length of the response, `even` does not apply to odd lengths."""
    results = []
    for sample in body["samples"]:
        response = sample["response"]
        text = response if isinstance(response, str) else "".join(m["content"] for m in response)
        even = 1.0 if len(text) % 2 == 0 else None
        score = None if text == "null" else float(len(text))
        results.append({"id": sample["id"], "score": score, "components": {"score": score, "even": even}})
    return 200, {}, {"results": results, "errors": []}


class FakeServer:
    """Gives the replies it was told to, one after the other, then those of `scored`; keeps what it was asked."""

    def __init__(self, *replies: Any):
        self.replies = list(replies)
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[Any] = []
        self.connections: set[Any] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.connections.add(self.client_address)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(body)
                outer.paths.append(self.path)
                outer.headers.append(self.headers)
                reply = outer.replies.pop(0) if outer.replies else scored
                if reply is None:  # hangs up without a word
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                status, headers, content = reply(body) if callable(reply) else reply
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
                if headers.get("Connection") == "close" or headers.get("X-Drop"):
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def samples(self, request: int = -1) -> list[dict[str, Any]]:
        return self.asked[request]["samples"]


class Case(unittest.TestCase):
    def serve(self, *replies: Any) -> FakeServer:
        server = FakeServer(*replies)
        self.addCleanup(server.http.server_close)
        self.addCleanup(server.http.shutdown)
        return server

    def setUp(self) -> None:
        client_module._client.cache_clear()
        client_module._say_once.cache_clear()
        client_module.log.setLevel("CRITICAL")
        self.pauses: list[float] = []
        patch = mock.patch.object(client_module.time, "sleep", self.pauses.append)
        patch.start()
        self.addCleanup(patch.stop)


class ClientTest(Case):
    def test_results_come_in_the_order_of_the_samples(self) -> None:
        server = self.serve()
        results = RewardClient(server.url).score([{"response": "abc", "id": "x"}, {"response": "ab"}])
        self.assertEqual([(r["id"], r["score"]) for r in results], [("x", 3.0), ("1", 2.0)])
        self.assertEqual(server.paths, ["/v1/score"])

    def test_no_samples_need_no_server(self) -> None:
        self.assertEqual(RewardClient("http://127.0.0.1:1", tries=1).score([]), [])

    def test_a_connection_is_kept_and_another_made_when_the_server_drops_it(self) -> None:
        server = self.serve()
        client = RewardClient(server.url)
        for _ in range(3):
            client.score([{"response": "a"}])
        self.assertEqual(len(server.connections), 1)
        server.replies = [lambda body: (200, {"X-Drop": "1"}, scored(body)[2])]  # closes without saying so
        client.score([{"response": "a"}])
        time_to_close = threading.Event()
        time_to_close.wait(0.05)
        client.score([{"response": "a"}])
        self.assertEqual(len(server.connections), 2)
        self.assertEqual(self.pauses, [])

    def test_each_thread_has_its_own_connection(self) -> None:
        server = self.serve()
        client = RewardClient(server.url)
        failures: list[Any] = []

        def work(number: int) -> None:
            for _ in range(20):
                if client.score([{"response": "x" * number}])[0]["score"] != number:
                    failures.append(number)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(len(server.connections), 4)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_a_forked_child_does_not_use_its_parents_connection(self) -> None:
        server = self.serve()
        client = RewardClient(server.url)
        client.score([{"response": "a"}])
        child = os.fork()
        if child == 0:
            os._exit(0 if client.score([{"response": "ab"}])[0]["score"] == 2.0 else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(client.score([{"response": "abc"}])[0]["score"], 3.0)
        self.assertEqual(len(server.connections), 2)

    def test_busy_and_draining_are_tried_again_after_retry_after(self) -> None:
        busy = (429, {"Retry-After": "7"}, {"error": {"code": "busy", "message": "the queue is full"}})
        date = email.utils.formatdate(time.time() + 60, usegmt=True)
        draining = (
            503,
            {"Retry-After": date, "Connection": "close"},
            {"error": {"code": "draining", "message": "bye"}},
        )
        server = self.serve(busy, draining)
        self.assertEqual(RewardClient(server.url).score([{"response": "ab"}])[0]["score"], 2.0)
        self.assertEqual(self.pauses[0], 7)
        self.assertTrue(55 < self.pauses[1] <= 60, self.pauses)

    def test_the_pause_doubles_and_ends(self) -> None:
        server = self.serve(*[None] * 10)
        with self.assertRaisesRegex(
            RewardServerError, r"/v1/score: no answer in 10 tries; the last: .*(Remote|Connection)"
        ):
            RewardClient(server.url, backoff=1.0).score([{"response": "a"}])
        self.assertEqual(len(server.asked), 10)
        self.assertEqual(len(self.pauses), 9)
        for attempt, pause in enumerate(self.pauses):
            full = min(30, 2**attempt)
            self.assertTrue(full / 2 <= pause <= full, self.pauses)

    def test_nobody_there_and_no_answer_in_time(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with self.assertRaisesRegex(RewardServerError, "no answer in 2 tries; the last: ConnectionRefusedError"):
            RewardClient(f"http://127.0.0.1:{port}", tries=2).score([{"response": "a"}])
        done = threading.Event()
        self.addCleanup(done.set)
        server = self.serve(lambda body: (done.wait(5), scored(body))[1])
        client = RewardClient(server.url, timeout=0.1, tries=2)
        self.assertEqual(client.score([{"response": "ab"}])[0]["score"], 2.0)  # the second try is answered
        self.assertEqual(len(self.pauses), 2)

    def test_a_refusal_is_not_tried_again_and_says_what_the_server_named(self) -> None:
        error = {
            "code": "invalid",
            "message": 'sample "3": no label',
            "sample": "3",
            "field": "samples.3",
            "reward": "score",
        }
        server = self.serve((422, {}, {"error": error}))
        with self.assertRaisesRegex(RewardServerError, r'/v1/score: 422 invalid: sample "3": no label') as caught:
            RewardClient(server.url).score([{"response": "a"}])
        e = caught.exception
        self.assertEqual((e.status, e.code, e.sample, e.field, e.reward), (422, "invalid", "3", "samples.3", "score"))
        self.assertEqual(len(server.asked), 1)

    def test_replies_of_other_servers_are_named(self) -> None:
        for reply, words in [
            ((404, {}, b"<html>nothing here</html>"), "404 <html>nothing here"),
            ((500, {}, b"\xff"), "500"),
            ((200, {}, b"<html>"), "the reply is no JSON"),
            ((200, {}, {"results": []}), "asked for 1 samples, the reply does not fit them"),
            ((200, {}, []), "does not fit"),
            ((200, {}, {"results": [{"id": "1", "score": 1, "components": {}}]}), "does not fit"),
            ((200, {}, {"results": [{"id": "0", "score": "1", "components": {}}]}), "the score of sample '0' is '1'"),
            (
                (200, {}, b'{"results": [{"id": "0", "score": NaN, "components": {}}]}'),
                "the score of sample '0' is nan",
            ),
        ]:
            with self.subTest(words), self.assertRaisesRegex(RewardServerError, words):
                RewardClient(self.serve(reply).url, tries=1).score([{"response": "a"}])

    def test_rewards_that_failed_are_logged(self) -> None:
        issue = {"reward": "judge", "samples": ["0"], "kind": "timeout", "message": "judge gave no answer"}
        server = self.serve(lambda body: (200, {}, {**scored(body)[2], "errors": [issue]}))
        client_module.log.setLevel("WARNING")
        with self.assertLogs("q_insight_rewards", "WARNING") as logs:
            RewardClient(server.url).score([{"response": "a"}])
        self.assertIn("judge gave no answer (timeout)", logs.output[0])

    def test_token_and_address_come_from_the_environment_too(self) -> None:
        server = self.serve()
        with mock.patch.dict(os.environ, {"Q_INSIGHT_URL": server.url + "/base/", "Q_INSIGHT_TOKEN": "secret"}):
            RewardClient().score([{"response": "a"}])
        self.assertEqual(server.paths, ["/base/v1/score"])
        self.assertEqual(server.headers[0]["Authorization"], "Bearer secret")
        for url in ("127.0.0.1:8000", "ftp://x", "http://"):
            with self.assertRaisesRegex(ValueError, "url must be http://host:port"):
                RewardClient(url)
        with self.assertRaisesRegex(ValueError, "tries must be at least 1, got 0"):
            RewardClient(server.url, tries=0)


class FakeImage:
    """What the client needs of a PIL image."""

    def __init__(self, pixels: bytes):
        self.pixels = pixels

    def tobytes(self) -> bytes:
        return self.pixels

    def save(self, buffer: io.BytesIO, kind: str) -> None:
        buffer.write(kind.encode() + self.pixels)


class FakeArray:
    """What the client needs of a NumPy array or number."""

    def __init__(self, value: Any):
        self.value = value
        self.ndim = 1 if isinstance(value, list) else 0

    def tolist(self) -> Any:
        return self.value

    def __iter__(self) -> Any:
        return iter(self.value)

    def __len__(self) -> int:
        return len(self.value)


class TrainerTest(Case):
    def test_trl_chat(self) -> None:
        server = self.serve()
        metrics: dict[str, float] = {}
        texts = ["abcd", "null", "abc"]
        rewards = trl_reward(
            prompts=[[{"role": "user", "content": "Rate it"}]] * 3,
            completions=[[{"role": "assistant", "content": text}] for text in texts],
            completion_ids=[[1, 2], [3], [4]],
            url=server.url,
            mos=[3.0, 3.0, 3.0],
            std=[float("nan")] * 3,
            image=[FakeImage(b"a"), FakeImage(b"a"), FakeImage(b"b")],
            trainer_state=object(),
            log_extra=print,
            log_metric=metrics.__setitem__,
        )
        self.assertEqual(rewards, [4.0, None, 3.0])
        self.assertEqual(metrics, {"reward/score": 3.5, "reward/even": 1.0})
        first, second, third = server.samples()
        self.assertEqual(first["response"], [{"role": "assistant", "content": "abcd"}])
        self.assertEqual(first["prompt"], [{"role": "user", "content": "Rate it"}])
        self.assertEqual(first["completion_ids"], [1, 2])
        self.assertEqual([s["extra"] for s in server.samples()], [{"mos": 3.0, "std": None}] * 3)
        self.assertIsNone(first["images"])
        self.assertEqual(first["group"], second["group"])
        self.assertNotEqual(first["group"], third["group"])  # another image

    def test_trl_text_label_group_and_images(self) -> None:
        server = self.serve()
        trl_reward(
            prompts=["p", "p"],
            completions=["a", "b"],
            url=server.url,
            send_images=True,
            solution=["3.2", "3.4"],
            group=[7, 8],
            images=[[FakeImage(b"x"), "data:image/png;base64,AA=="], {"bytes": b"\xff\xd8\xff", "path": None}],
        )
        first, second = server.samples()
        self.assertEqual((first["ground_truth"], first["group"], second["group"]), ("3.2", "7", "8"))
        self.assertEqual(first["images"][0], "data:image/png;base64," + base64.b64encode(b"PNGx").decode())
        self.assertEqual(first["images"][1], "data:image/png;base64,AA==")
        self.assertEqual(second["images"], ["data:image/jpeg;base64,/9j/"])
        with self.assertRaisesRegex(TypeError, "an image must be a path, a data URL, bytes or a PIL image, got int"):
            trl_reward(["p"], ["a"], url=server.url, send_images=True, image=[3])

    def test_images_in_prompts_go_only_when_asked(self) -> None:
        server = self.serve()
        parts = [{"type": "image", "image": FakeImage(b"x")}, {"type": "image"}, {"type": "text", "text": "Rate"}]
        for send_images in (False, True):
            trl_reward([[{"role": "user", "content": parts}]], ["a"], url=server.url, send_images=send_images)
        contents = [server.samples(i)[0]["prompt"][0]["content"] for i in (0, 1)]
        self.assertEqual(contents[0], [{"type": "text", "text": "Rate"}])
        self.assertEqual([part["type"] for part in contents[1]], ["image", "text"])

    def test_a_column_that_is_not_in_line_is_refused(self) -> None:
        for columns in ({"mos": [1.0]}, {"completion_ids": [[1]]}):
            name = next(iter(columns))
            with self.assertRaisesRegex(ValueError, f"column '{name}' has 1 values for 2 completions"):
                trl_reward(["p", "p"], ["a", "b"], url="http://127.0.0.1:1", **columns)
        with self.assertRaisesRegex(ValueError, "column 'prompts' has 1 values for 2 completions"):
            trl_reward(["p"], ["a", "b"], url="http://127.0.0.1:1")

    def test_what_is_no_json_stays_behind_and_arrays_go_along(self) -> None:
        server = self.serve()
        client_module.log.setLevel("INFO")
        with self.assertLogs("q_insight_rewards", "INFO") as logs:
            trl_reward(
                ["p"],
                ["a"],
                url=server.url,
                tool=[object()],
                scores=FakeArray([FakeArray([1, 2])]),
                deep=[{"a": (1, float("inf"))}],
            )
        self.assertEqual(server.samples()[0]["extra"], {"scores": [1, 2], "deep": {"a": [1, None]}})
        self.assertIn("column 'tool' is not sent: object cannot be written as JSON", logs.output[0])

    def test_it_can_be_pickled_and_bound(self) -> None:
        server = self.serve()
        bound = pickle.loads(pickle.dumps(functools.partial(trl_reward, url=server.url)))
        self.assertEqual(bound(prompts=["p"], completions=["abc"]), [3.0])

    def test_verl_one(self) -> None:
        server = self.serve()
        info = {"index": 4, "num_turns": None, "rollout_reward_scores": {}, "image": "/a.png"}
        kwargs = {"url": server.url, "reward_router_address": None}
        result = compute_score(data_source="iqa", solution_str="abcd", ground_truth="3.2", extra_info=info, **kwargs)
        self.assertEqual(result, {"score": 4.0, "score_reward": 4.0, "even_reward": 1.0})
        sample = server.samples()[0]
        self.assertEqual((sample["response"], sample["ground_truth"]), ("abcd", "3.2"))
        self.assertEqual(sample["extra"], {"index": 4, "data_source": "iqa"})
        self.assertIn("num_turns", info)  # the trainer's own dict is left as it was
        self.assertEqual(compute_score("iqa", "null", "3.2", None, url=server.url, floor=-1.0)["score"], -1.0)
        self.assertNotIn("group", server.samples()[0])

    def test_verl_batch(self) -> None:
        server = self.serve()
        infos = [{"index": 1, "num_turns": 1}, {"index": 1, "num_turns": 2}, {"index": 2}]
        results = compute_score_batch(
            data_sources=FakeArray(["iqa"] * 3),
            solution_strs=["a", "ab", "abc"],
            ground_truths=["3.2"] * 3,
            extra_infos=FakeArray(infos),
            url=server.url,
        )
        self.assertEqual([r["score"] for r in results], [1.0, 2.0, 3.0])
        self.assertEqual([sorted(r) for r in results], [["even_reward", "score", "score_reward"]] * 3)
        groups = [sample["group"] for sample in server.samples()]
        self.assertTrue(groups[0] == groups[1] != groups[2])
        self.assertEqual(len(compute_score_batch(["a"], ["b"], ["3"], url=server.url)), 1)

    def test_swift(self) -> None:
        server = self.serve()
        reward = SwiftReward(args=object(), url=server.url)
        asked = {"role": "user", "content": "Rate"}
        rewards = reward(
            ["abc", "null"],
            messages=[
                [asked, {"role": "assistant", "content": "abc"}],
                [asked, {"role": "assistant", "content": "null"}],
            ],
            solution=["3.2", "3.4"],
            trainer_state=object(),
            images=[[{"bytes": b"x", "path": None}], []],
        )
        self.assertEqual(rewards, [3.0, None])
        self.assertEqual(server.samples()[0]["prompt"], [asked])
        self.assertEqual(server.samples()[0]["ground_truth"], "3.2")

    def test_swift_finds_it_when_it_loads_this_file(self) -> None:
        swift, rewards = types.ModuleType("swift"), types.ModuleType("swift.rewards")
        rewards.orms = {}  # type: ignore[attr-defined]
        with mock.patch.dict(sys.modules, {"swift": swift, "swift.rewards": rewards}):
            spec = importlib.util.spec_from_file_location("plugin", client_module.__file__)
            plugin = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(plugin)
        self.assertIs(rewards.orms["q_insight"], plugin.SwiftReward)  # type: ignore[attr-defined]

    def test_easyr1(self) -> None:
        server = self.serve()
        batch = [{"response": text, "response_length": 2, "ground_truth": "3.2"} for text in ("ab", "abc", "null")]
        self.assertEqual(
            easyr1_score(batch, url=server.url),
            [
                {"overall": 2.0, "score_reward": 2.0, "even_reward": 1.0},
                {"overall": 3.0, "score_reward": 3.0},
                {"overall": 0.0, "even_reward": 1.0},
            ],
        )
        self.assertEqual(easyr1_score(batch[0], url=server.url)["overall"], 2.0)
        self.assertEqual(client_module.REWARD_TYPE, "batch")

    def test_areal(self) -> None:
        server = self.serve()
        reward = areal_reward("p", "abc", [1], [2, 3], url=server.url, answer="3", ground_truth=3.2, images=[object()])
        self.assertEqual(reward, 3.0)
        sample = server.samples()[0]
        self.assertEqual((sample["ground_truth"], sample["completion_ids"]), (3.2, [2, 3]))
        self.assertEqual(sample["extra"], {"answer": "3"})
        self.assertEqual(areal_reward("p", "null", url=server.url, floor=-2.0), -2.0)

    def test_openrlhf_gets_what_the_server_answers(self) -> None:
        answer = {"rewards": [0.7], "scores": [1.0], "extra_logs": {"format": [1.0]}}
        server = self.serve((200, {}, answer))
        self.assertEqual(reward_func(["pq"], ["p"], ["3.2"], url=server.url), answer)
        self.assertEqual(server.paths, ["/get_reward"])
        self.assertEqual(server.asked[0], {"query": ["pq"], "prompts": ["p"], "labels": ["3.2"]})


if __name__ == "__main__":
    unittest.main()
