"""The way of bin/run from the first check to the last process's end."""

import http.client
import os
import secrets
import socket
from http import HTTPStatus

from config.stack.box import Login, Teller
from config.stack.children import end_children, start_child
from config.stack.discovery import PROJECT, data_folder
from config.stack.embedded import EmbeddedServers
from config.stack.errors import StackError, StopRequested
from config.stack.external import check_redis, given_database
from config.stack.folder import DataFolder
from config.stack.interruptions import Interruptions
from config.stack.options import Options, parse
from config.stack.prepared import RESULT, is_prepared, keep_prepared
from config.stack.processes import python, sweeper, web, webs, worker
from config.stack.supervisor import Service, Supervisor
from config.stack.urls import DatabaseUrls
from config.stack.words import gettext

FIRST_LOGIN = "first-login.json"
FIRST_EMAIL = "admin@example.com"
READY_SECONDS = 120.0
HOPELESS = 4


def main(arguments: list[str]) -> int:
    """Run the stack until it is asked to end; return the exit status."""
    options, teller = parse(arguments), Teller()
    folder = DataFolder((options.data_dir or data_folder(os.environ)).absolute())
    try:
        folder.open()
        with folder.lock(), Interruptions() as interruptions:
            if not options.servers_only:
                options.refuse_used_port()
            Stack(options, folder, teller, Supervisor(interruptions, teller.warn)).run()
            teller.say(gettext("Stopped; the data is kept."))
    except StackError as error:
        teller.fail(str(error))
        return 1
    return 0


class Stack:
    """One run: servers, preparation, processes."""

    def __init__(self, options: Options, folder: DataFolder, teller: Teller, supervisor: Supervisor) -> None:
        self.options, self.folder, self.teller, self.supervisor = options, folder, teller, supervisor
        self.interruptions = supervisor.interruptions
        self.notes: list[str] = []
        self.listener: socket.socket | None = None

    def run(self) -> None:
        """Start everything, show the box, watch; whatever happens, leave no process behind."""
        try:
            urls, redis_url = self.start_servers()
            env = self.environment(redis_url)
            if self.options.servers_only:
                self.keep_state(env, urls)
                self.teller.say(gettext("PostgreSQL and Valkey run for manage.py; Ctrl-C stops them."))
            else:
                if not is_prepared(self.folder, urls.owner, demo=self.options.demo):
                    self.prepare({**env, **urls.environment()})
                self.start_processes(env, urls)
            self.supervisor.watch()
        except StopRequested:
            return
        finally:
            if self.supervisor.services:
                self.teller.say(gettext("Stopping …"))
            self.folder.state.unlink(missing_ok=True)
            self.supervisor.stop()
            if self.listener is not None:
                self.listener.close()

    def start_servers(self) -> tuple[DatabaseUrls, str]:
        """Return the database's and Redis' URLs: the operator's, checked, or those of servers started here."""
        redis_url = os.environ.get("REDIS_URL")
        if redis_url:
            check_redis(redis_url)
        urls = given_database(os.environ, self.folder)
        servers = EmbeddedServers(self.folder, self.supervisor, self.interruptions.pause)
        if not redis_url:
            redis_url = servers.start_valkey()
        if not urls:
            self.teller.say(gettext("Starting PostgreSQL …"))
            urls = servers.start_postgres()
        self.notes += servers.notes
        return urls, redis_url

    def environment(self, redis_url: str) -> dict[str, str]:
        """Return what all processes share; without the owner's URL, which is for the preparation alone."""
        shared = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
        return {
            **shared,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "REDIS_URL": redis_url,
            "SECRET_KEY": os.environ.get("SECRET_KEY") or self.folder.secret("secret_key"),
            "CHARLA_ENCRYPTION_KEYS": os.environ.get("CHARLA_ENCRYPTION_KEYS")
            or f"first:{self.folder.secret('encryption_key')}",
            "CHARLA_DATA_DIR": str(self.folder.root),
            "PYTHONUNBUFFERED": "1",
        }

    def prepare(self, env: dict[str, str]) -> None:
        """Migrate and fill the database; StackError names the log when that fails."""
        self.teller.say(gettext("Preparing the database …"))
        result, log = self.folder.root / RESULT, self.folder.logs / "prepare.log"
        result.unlink(missing_ok=True)
        command = python("-m", "config.stack.prepare", str(result), *([] if self.options.demo else ["--no-demo"]))
        login = {
            "CHARLA_ADMIN_EMAIL": os.environ.get("CHARLA_ADMIN_EMAIL") or FIRST_EMAIL,
            "CHARLA_ADMIN_PASSWORD": os.environ.get("CHARLA_ADMIN_PASSWORD") or self.first_password(),
        }
        child = start_child(command, log=log, env={**env, **login}, cwd=PROJECT)
        preparing = Service("prepare", log, lambda: child)
        preparing.adopt(child)
        try:
            while child.poll() is None:
                self.interruptions.pause(0.5)
        finally:
            end_children([(child, preparing.stop_signal, 5.0)])
        if child.returncode != 0:
            raise StackError(
                gettext("The database could not be prepared ({reason}): the whole report is in {log}.").format(
                    reason=preparing.last_words() or gettext("no reason given"), log=log
                )
            )

    def first_password(self) -> str:
        """Return the first log-in's password; it is kept until the box has shown it."""
        kept = self.folder.read_json(FIRST_LOGIN)
        if "password" not in kept:
            kept = {"password": secrets.token_urlsafe(12)}
            self.folder.write_json(FIRST_LOGIN, kept)
        return str(kept["password"])

    def login(self) -> Login | None:
        """Return what the box says about logging in."""
        prepared, kept = self.folder.read_json(RESULT), self.folder.read_json(FIRST_LOGIN)
        if not prepared.get("email"):
            return None
        if not prepared["password_holds"]:
            return Login(prepared["email"], None)
        from_environment = bool(os.environ.get("CHARLA_ADMIN_PASSWORD"))
        return Login(prepared["email"], kept.get("password"), from_environment=from_environment)

    def start_processes(self, env: dict[str, str], urls: DatabaseUrls) -> None:
        """Start web, worker and sweeper; show the box as soon as they are ready."""
        owner_less = {name: url for name, url in urls.environment().items() if name != "DATABASE_OWNER_URL"}
        used = {**env, **owner_less}
        self.teller.say(gettext("Starting web, worker and sweeper …"))
        self.supervisor.services += [
            *(worker(self.folder, used, number) for number in range(1, self.options.processes + 1)),  # /readyz waits
            *self.web_servers(used),
        ]
        self.supervisor.watch_once()
        self.keep_state(env, urls)
        self.wait_ready()
        self.supervisor.services.append(sweeper(self.folder, used))  # not before: it would slow the others down
        self.supervisor.watch_once()
        self.teller.box(self.options.local_url, self.login(), self.folder.root, self.notes)
        (self.folder.root / FIRST_LOGIN).unlink(missing_ok=True)
        keep_prepared(self.folder, urls.owner, demo=self.options.demo)

    def keep_state(self, env: dict[str, str], urls: DatabaseUrls) -> None:
        """Let manage.py find the servers."""
        known = ("REDIS_URL", "SECRET_KEY", "CHARLA_ENCRYPTION_KEYS", "CHARLA_DATA_DIR")
        environment = {name: env[name] for name in known} | urls.environment()
        self.folder.write_json(self.folder.state.name, {"pid": os.getpid(), "environment": environment})

    def web_servers(self, env: dict[str, str]) -> list[Service]:
        """Describe the web servers; several share a socket that this process holds."""
        if self.options.processes == 1:
            return [web(self.folder, env, self.options.host, self.options.port)]
        self.listener = self.options.listen()
        return webs(self.folder, env, self.listener, self.options.processes)

    def wait_ready(self) -> None:
        """Wait until /readyz answers 200; StackError when that takes too long."""
        for _ in range(int(READY_SECONDS / 0.1)):
            if answers_ready(self.options.local_address):
                return
            self.interruptions.pause(0.1)
            self.supervisor.watch_once()
            if failing := next((s for s in self.supervisor.services if s.failures >= HOPELESS), None):
                raise StackError(
                    gettext("{name} does not start (“{reason}”): see {log}.").format(
                        name=failing.name, reason=failing.last_words(), log=failing.log
                    )
                )
        raise StackError(
            gettext("Charla did not become ready in {ready_seconds:.0f} s: the reasons are in {logs}.").format(
                ready_seconds=READY_SECONDS, logs=self.folder.logs
            )
        )


def answers_ready(address: tuple[str, int]) -> bool:
    """Tell whether the server answers 200 to /readyz."""
    connection = http.client.HTTPConnection(*address, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
