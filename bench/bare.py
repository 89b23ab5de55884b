"""The bare Flask app beside which the product is measured: a constant answer from the same server, same settings.

python bench/bare.py --port 8000 --workers 1
"""

import argparse

from flask import Flask, Response

from channel.serving import make_server


def bare() -> Flask:
    """Make an application that reads nothing, does nothing and answers with a constant."""
    app = Flask("bare")

    @app.post("/api/v1/scans")
    def constant() -> Response:
        return Response('{"claim":true}', 201, content_type="application/json")

    @app.get("/readyz")
    def ready() -> Response:
        return Response("ready\n")

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    told = parser.parse_args()
    make_server(host="127.0.0.1", port=told.port, workers=told.workers).serve(target_loader=bare, wrap_loader=False)
