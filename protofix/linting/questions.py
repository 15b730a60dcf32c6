"""What each file of a run is held against: the command line's word, else what is configured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caffe_proto import AUTO
from protofix.config import Config, Configs
from protofix.config_tables import ConfigError, shown_path
from protofix.files import FileError
from protofix.linting.checking import Question
from protofix.linting.patterns import patterns_of, relative_to
from protofix.looking import exists
from protofix.net.dialects import chosen_dialect
from protofix.net.shapes import Shape
from protofix.net.states import AskedState
from protofix.rulebook.context import Preferences, Target
from protofix.rulebook.registry import NAMES, ON, UNREADABLE
from protofix.rulebook.selectors import SelectionError, chosen_codes

if TYPE_CHECKING:
    from protofix.linting.baseline import Acceptance, Baseline, BaselineError


@dataclass(frozen=True)
class Options:
    """What a command line says; None and () where it says nothing.

    `select` takes the place of what is configured, `ignore` and `extend_select` are added to it.
    """

    dialect: str | None = None
    schema: Path | None = None
    target: Target | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    asked: tuple[AskedState, ...] = ()
    given: Mapping[str, Shape] | None = None


class Questions:
    """The questions of a run; each configuration is read once."""

    def __init__(self, options: Options, configs: Configs | None = None) -> None:
        """Raises SchemaError or SelectionError for options that mean nothing."""
        self._options = options
        self._configs = configs or Configs()
        self._is_set = options.dialect is not None or options.schema is not None
        chosen_dialect(options.dialect or AUTO, options.schema)
        self._codes(Config())
        self._baselines: dict[Path, Baseline | BaselineError] = {}
        self._of_config: dict[tuple[Config, frozenset[str]], Question | ValueError] = {}

    def of(self, path: str) -> Question:
        """The question for a file. Raises a ValueError, a line that begins with the place."""
        config = self._configs.of(path)
        ignored = frozenset(
            rule
            for pattern, rules in config.per_file_ignores
            if _names_it_or_a_folder_above((pattern,), config, path)
            for rule in rules
        )
        key = (config, ignored)
        if key not in self._of_config:
            try:
                self._of_config[key] = self._question(config, ignored)
            except ValueError as error:
                self._of_config[key] = error
        found = self._of_config[key]
        if isinstance(found, ValueError):
            raise found
        return found

    def of_named_net(self, path: str) -> Question:
        """The question for a net that a solver names, as `of` has it.

        What configures it is looked at on the disk for the solver's sake, and so written down.
        """
        for place in self._configs.places(path):
            exists(place)
        question = self.of(path)
        if question.schema is not None:
            exists(question.schema)
        return question

    def excludes_exactly(self, path: str) -> bool:
        """Whether `exclude` of its configuration names a file, or a folder that ends with "/".

        That it names a folder above does not count: a walk that comes here began below that.
        """
        config = self._excluding(path)
        if config is None:
            return False
        return bool(patterns_of(config.exclude).names_exactly(relative_to(config.folder, path)))

    def excludes_it_or_a_folder_above(self, path: str) -> bool:
        """Whether `exclude` of its configuration names a file or a folder above it."""
        config = self._excluding(path)
        return config is not None and _names_it_or_a_folder_above(config.exclude, config, path)

    def accepted(self, path: str) -> Acceptance | None:
        """What the baseline that is configured for a file accepts of it; None without one.

        Raises BaselineError if it cannot be read.
        """
        try:
            baseline = self._configs.of(path).baseline
        except ConfigError:
            return None  # It is said of each file.
        if baseline is None:
            return None
        if baseline not in self._baselines:
            self._baselines[baseline] = _baseline_in(baseline)
        found = self._baselines[baseline]
        if isinstance(found, ValueError):
            raise found
        return found.of(path)

    def read_beside(self, paths: Iterable[str]) -> list[Path]:
        """The configurations that are read for some files, and the schemas that they name.

        That of the working folder is read for any.
        """
        configs = self._configs_of([*paths, "-"])
        schemas = [it.schema for it in configs if it.schema is not None]
        return [*schemas, *self._configs.files]

    def baselines(self, paths: Iterable[str]) -> list[Path]:
        """The baselines that are configured for some files."""
        return [it.baseline for it in self._configs_of(paths) if it.baseline is not None]

    def _configs_of(self, paths: Iterable[str]) -> Iterator[Config]:
        for path in paths:
            with suppress(ConfigError):  # It is said of each file.
                yield self._configs.of(path)

    def cache_dir(self) -> Path | None:
        """Where the run is to remember its results, if that is configured.

        Files of several configurations may be checked together: what counts is the working folder,
        which is where results are remembered otherwise. Raises ConfigError.
        """
        return self._configs.of("-").cache_dir

    def _excluding(self, path: str) -> Config | None:
        try:
            config = self._configs.of(path.rstrip("/"))
        except ConfigError:
            return None  # It is said of each file.
        return config if config.exclude else None

    def _question(self, config: Config, ignored: frozenset[str]) -> Question:
        options = self._options
        if self._is_set:
            dialect, schema = options.dialect or AUTO, options.schema
        else:
            dialect, schema = config.dialect, config.schema
        chosen_dialect(dialect, schema)  # Said once, and not for each file.
        return Question(
            dialect,
            schema,
            options.asked,
            options.given,
            self._some_codes(config) - chosen_codes(NAMES, frozenset(), tuple(ignored)),
            options.target or config.target,
            Preferences(config.indent, config.quotes),
        )

    def _some_codes(self, config: Config) -> frozenset[str]:
        """The codes of the rules that look, before those ignored for a pattern of files.

        Raises SelectionError if there are none: nothing would be found, whatever is wrong.
        """
        codes = self._codes(config)
        if not codes:
            raise _none_left(self._options, config)
        # Whoever selects some is not to take for sound what they could not look at.
        ignore = (*config.ignore, *self._options.ignore)
        return codes | chosen_codes(NAMES, UNREADABLE, None, ignore)

    def _codes(self, config: Config) -> frozenset[str]:
        options = self._options
        return chosen_codes(
            NAMES,
            ON,
            config.select if options.select is None else options.select,
            (*config.ignore, *options.ignore),
            (*config.extend_select, *options.extend_select),
        )


def _none_left(options: Options, config: Config) -> SelectionError:
    """What to say where each rule that is selected is ignored as well."""
    place = f"of the configuration in {shown_path(Path(config.folder))}"
    ignored = []
    if config.ignore:
        ignored.append(f"`ignore` ({', '.join(config.ignore)}) {place}")
    if options.ignore:
        ignored.append(f"--ignore {','.join(options.ignore)}")
    if options.select is not None:
        selected = f"those of --select {','.join(options.select)}"
    elif config.select is not None:
        selected = f"those of `select` ({', '.join(config.select)}) {place}"
    else:
        selected = "all that are on by themselves"
    return SelectionError(
        f"no rule is left to look: {' and '.join(ignored)} takes away {selected}; select some rule "
        "that is not ignored"
    )


def _baseline_in(configured: Path) -> Baseline | BaselineError:
    """The baseline that is configured, or why it cannot be used."""
    from protofix.linting.baseline import BaselineError, read_baseline

    shown = shown_path(configured)
    try:
        return read_baseline(shown)
    except FileError as error:
        makes = f"`protofix check --write-baseline {shown}` makes it"
        return BaselineError(f"{error}; it is the `baseline` configured: {makes}")
    except BaselineError as error:
        return error


def _names_it_or_a_folder_above(patterns: tuple[str, ...], config: Config, path: str) -> bool:
    """Whether patterns of a configuration name a file or a folder above it."""
    return patterns_of(patterns).names_it_or_a_folder_above(relative_to(config.folder, path))
