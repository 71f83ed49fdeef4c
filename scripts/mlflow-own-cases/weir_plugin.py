"""Points the fixtures of MLflow's own tests to another server: WEIR_SERVERS is the address of servers.ts, or `real`."""
import contextlib
import functools
import json
import os
import shutil
import signal
import tempfile
import urllib.parse
import urllib.request

SERVERS = os.environ["WEIR_SERVERS"]
IS_REAL = SERVERS == "real"
# Its tests run on whatever MLFLOW_TRACKING_URI says; the others start a server themselves.
FLUENT = ("test_tracking.py",)

current = {"item": None}
fluent_servers = contextlib.ExitStack()


def _ask(method, query=""):
    request = urllib.request.Request(SERVERS + "/" + query, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


@contextlib.contextmanager
def weir_server():
    started = _ask("POST")
    try:
        yield started["url"], os.path.join(started["dir"], "artifacts")
    finally:
        _ask("DELETE", "?url=" + urllib.parse.quote(started["url"], safe=""))


@contextlib.contextmanager
def real_server():
    """A fork of this process, which has MLflow's server loaded: to start one anew takes many seconds."""
    from tests.helper_functions import LOCALHOST, get_safe_port
    from tests.tracking.integration_test_utils import _await_server_up_or_die

    import mlflow.server
    from mlflow.server import handlers

    port = get_safe_port()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(_empty_store(), folder + "/mlflow.db")
        process = os.fork()
        if process == 0:
            os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{folder}/mlflow.db"
            os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = "mlflow-artifacts:/"
            os.environ["_MLFLOW_SERVER_ARTIFACT_DESTINATION"] = folder + "/artifacts"
            os.environ["_MLFLOW_SERVER_SERVE_ARTIFACTS"] = "true"
            handlers._tracking_store = handlers._model_registry_store = handlers._artifact_repo = None
            with open(os.devnull, "w") as nothing:
                os.dup2(nothing.fileno(), 1)
                os.dup2(nothing.fileno(), 2)
            try:
                mlflow.server.app.run(LOCALHOST, port, threaded=True)
            finally:
                os._exit(0)
        try:
            _await_server_up_or_die(port, timeout=120)
            yield f"http://{LOCALHOST}:{port}", folder + "/artifacts"
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


@functools.cache
def _empty_store():
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    folder = tempfile.mkdtemp()
    SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", "mlflow-artifacts:/")
    return folder + "/mlflow.db"


server = real_server if IS_REAL else weir_server


@contextlib.contextmanager
def _init_server(*_args, **_options):
    import mlflow

    mlflow.set_tracking_uri(None)
    with server() as (url, _folder):
        yield url


class ServerThread:
    """MLflow 3's tests run its server in a thread of theirs."""

    def __init__(self, *_args, **_options):
        self.started = contextlib.ExitStack()

    def __enter__(self):
        return self.started.enter_context(weir_server())[0]

    def __exit__(self, *_error):
        self.started.close()


def _is_fluent():
    item = current["item"]
    return item is not None and item.path.name in FLUENT


def pytest_configure(config):
    import mlflow.utils.file_utils as file_utils

    local_uri = file_utils.path_to_local_sqlite_uri

    def uri(path):
        if not _is_fluent():
            return local_uri(path)
        return fluent_servers.enter_context(server())[0]

    file_utils.path_to_local_sqlite_uri = uri


def pytest_collectstart(collector):
    import tests.tracking.integration_test_utils as utils

    utils._init_server = _init_server
    if hasattr(utils, "ServerThread") and not IS_REAL:
        utils.ServerThread = ServerThread


def pytest_collection_modifyitems(config, items):
    # The stores behind MLflow's server are its own matter; one of them is enough.
    unwanted = [item for item in items if "[file" in item.nodeid]
    config.hook.pytest_deselected(items=unwanted)
    items[:] = [item for item in items if item not in unwanted]
    for plugin in config.pluginmanager.get_plugins():
        if hasattr(plugin, "_use_tracking_uri"):
            plugin._use_tracking_uri = _use_server(plugin._use_tracking_uri)
    for module in {item.module for item in items}:
        if hasattr(module, "_launch_server"):
            _replace_artifacts_server(module)


def _use_server(use):
    """MLflow 3's tests give each test the address of a store; those that log to it get a server."""
    return lambda uri, *rest: use(fluent_servers.enter_context(server())[0] if _is_fluent() else uri, *rest)


def _replace_artifacts_server(module):
    """The module starts a process and asks its address at a port that it chose; it gets one that is there already."""

    def launch(host, port, *_rest):
        import socket
        import threading

        started = contextlib.ExitStack()
        url, folder = started.enter_context(server())
        target = urllib.parse.urlsplit(url)
        # What the module looks for in its own folder lies in ours.
        destination = _rest[2]
        os.makedirs(folder, exist_ok=True)
        os.symlink(folder, destination)
        door = socket.create_server((host, port))

        def pipe(source, sink):
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    one, _ = door.accept()
                    other = socket.create_connection((target.hostname, target.port))
                    threading.Thread(target=pipe, args=(one, other), daemon=True).start()
                    threading.Thread(target=pipe, args=(other, one), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

        class Process:
            @staticmethod
            def kill():
                door.close()
                started.close()

            # MLflow 3's way to use it.
            def __enter__(self):
                return self

            def __exit__(self, *_error):
                self.kill()

        return Process()

    module._launch_server = launch


def pytest_runtest_setup(item):
    current["item"] = item


import pytest


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    fluent_servers.close()
