"""A stand-in for the part of W&B's server that `wandb sync` talks to: keeps what it is sent. Loopback only."""

import gzip
import http.server
import json
import threading


class Received:
    """What was sent: the run's settings, the lines of each streamed file, the uploaded files, and the exit code."""

    def __init__(self):
        self.runs = []
        self.lines = {}
        self.files = {}
        self.exit_codes = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        data = b""
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
        return gzip.decompress(data) if self.headers.get("content-encoding") == "gzip" else data

    def answer(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer({})

    def do_PUT(self):
        self.server.received.files[self.path.removeprefix("/upload/")] = self.body()
        self.answer({})

    def do_POST(self):
        body = self.body()
        if self.path == "/graphql":
            request = json.loads(body)
            self.answer({"data": self.graphql(request["query"], request["variables"])})
        else:
            if self.path.endswith("/file_stream"):
                self.stream(json.loads(body))
            self.answer({})

    def stream(self, request):
        for name, part in request.get("files", {}).items():
            lines = self.server.received.lines.setdefault(name, {})
            for i, line in enumerate(part["content"]):
                lines[part["offset"] + i] = json.loads(line)
        if request.get("complete"):
            self.server.received.exit_codes.append(request.get("exitcode"))

    def graphql(self, query, variables):
        received = self.server.received
        if "upsertBucket" in query:
            received.runs.append(variables)
            entity = {"id": "e", "name": "someone"}
            project = {"id": "p", "name": variables["project"], "entity": entity}
            bucket = {"id": "b", "name": variables["name"], "displayName": variables["displayName"], "project": project}
            return {"upsertBucket": {"bucket": {**bucket, "config": "{}", "historyLineCount": 0}, "inserted": True}}
        if "createRunFiles" in query:
            port = self.server.server_address[1]
            files = [{"name": name, "uploadUrl": f"http://127.0.0.1:{port}/upload/{name}"} for name in variables["files"]]
            return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}
        return {}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that hangs up is no error."""


def serve():
    """Starts a server on a free port of the loopback; `server.received` is what it was sent."""
    server = Server(("127.0.0.1", 0), Handler)
    server.received = Received()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
