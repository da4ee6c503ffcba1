"""Lets Debian 12's Azure CLI carry out `az role ...`.

Debian 12 ships azure-cli 2.45 with python3-azure's azure-mgmt-authorization
3.0.0, which is newer than that CLI: the CLI asks its clients for their `config`,
which 3.0.0 has renamed to `_config`. Every `az role assignment` and `az role
definition` command therefore ends, before it has sent anything, with

    'RoleAssignmentsOperations' object has no attribute 'config'

(Azure/azure-cli issues 20546, 21349 and 24959). Python reads a module of this
name from PYTHONPATH by itself when it starts. This one gives the classes the old
name back as they are loaded, and touches nothing else: no file of the CLI, no
request, no answer.
"""

import importlib.abc
import importlib.machinery
import sys

_PACKAGE = "azure.mgmt.authorization."


class _GivesBackConfig(importlib.abc.MetaPathFinder):
    """Finds the operations' modules as Python does, and mends what they define."""

    def find_spec(self, name, path, target=None):
        if not (name.startswith(_PACKAGE) and name.endswith("_operations")):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = _mending(spec.loader.exec_module)
        return spec


def _mending(load):
    def exec_module(module):
        load(module)
        for thing in vars(module).values():
            if isinstance(thing, type) and thing.__name__.endswith("Operations") and not hasattr(thing, "config"):
                thing.config = property(lambda self: self._config)

    return exec_module


sys.meta_path.insert(0, _GivesBackConfig())
