"""What has to change on the application: its dotenv file with URLs of verified TLS, and the trust anchors beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from everyhop.deploy.change import Change, Restart, WriteFile
from everyhop.deploy.disclosure import Disclosure
from everyhop.deploy.files import Files, Found
from everyhop.dialects import registry
from everyhop.dialects.settings import Spelling
from everyhop.errors import SettingsError, SourceError
from everyhop.model.posture import Posture
from everyhop.model.profile import Profile
from everyhop.model.secret import Secret
from everyhop.model.sighting import Version
from everyhop.scan.rewrite.dotenv import remove, set_value, values

_REFERENCE = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class AppTarget:
    """An application that reads its database URLs from a dotenv file.

    `listener` is its name as a dialer. `urls` are the variables that hold URLs, each with the driver's version where
    that is known; `settings` are further variables to set (`SESSION_COOKIE_SECURE`); `anchors_file` is where
    `anchors_pem` is to lie.
    """

    listener: str
    env_file: str
    urls: Mapping[str, Version | None]
    anchors_file: str
    anchors_pem: str
    posture: Posture
    settings: Mapping[str, str] = field(default_factory=dict)

    def paths(self) -> tuple[str, ...]:
        """Everything that is written."""
        return self.env_file, self.anchors_file

    def changes(self, files: Files, _profile: Profile) -> tuple[Change, ...]:
        """Anchors first, then the settings that name them, then the restart."""
        found = files[self.env_file]
        if found is None:
            raise SourceError("is not there", path=self.env_file, hint="name the file that holds the database's URL")
        anchors = WriteFile(self.listener, self.anchors_file, self.anchors_pem, 0o644, None, files[self.anchors_file])
        text = Secret(self._rewritten(found.content.reveal()))
        mode = private_mode(found)
        env = WriteFile(self.listener, self.env_file, text, mode, None, found, Disclosure.NAMES)
        return anchors, env, Restart(self.listener, "an application reads its settings only at its start")

    def _rewritten(self, text: str) -> str:
        for variable, version in self.urls.items():
            text = self._with_url(text, variable, version)
        for variable, value in self.settings.items():
            text = set_value(text, variable, value)
        return text

    def _with_url(self, text: str, variable: str, version: Version | None) -> str:
        present = values(text)
        if variable not in present:
            hint = "name the variable that holds the database's URL"
            raise SourceError("is not set", path=self.env_file, key=variable, hint=hint)
        others = {name: value for name, value in present.items() if name != variable}
        try:
            spelling, url = self._spelled(present[variable], others, version)
        except SettingsError as error:
            error.path, error.key = self.env_file, variable
            raise
        for name in others.keys() - spelling.environment.keys():
            text = remove(text, name)
        for name, value in spelling.environment.items():
            if others.get(name) != value:
                text = set_value(text, name, value)
        return set_value(text, variable, url)

    def _spelled(self, value: str, environment: Mapping[str, str], version: Version | None) -> tuple[Spelling, str]:
        """The spelling, and the URL with the references to other variables (`${PASSWORD}`) that it had before."""
        references = dict(_placeholders(value))
        for placeholder, reference in references.items():
            value = value.replace(reference, placeholder)
        settings = registry.resolve(value, environment=environment, version=version)
        spelling = registry.write(settings, self.posture, self.anchors_file)
        if spelling.url is None or spelling.connect_args:
            hint = "set it in the code, or ask for a posture that a URL can spell (floor TLSv1.2)"
            raise SettingsError(f"{settings.driver} takes this posture only in connect_args", hint=hint)
        url = spelling.url.revealed()
        for placeholder, reference in references.items():
            url = url.replace(placeholder, reference)
        return spelling, url


def private_mode(found: Found) -> int:
    """0600; 0640 stays for a file of root's that a service reads by its group."""
    by_group = found.owner.user in {"root", "0"} and found.owner.group not in {"root", "0"}
    return 0o640 if by_group and found.mode & 0o040 else 0o600


def _placeholders(value: str) -> Iterator[tuple[str, str]]:
    for index, reference in enumerate(dict.fromkeys(_REFERENCE.findall(value))):
        yield f"everyhop0reference{index}x", reference
