"""What is registered; imports no SciPy."""

from lumix_core.plugins import Register, hookimpl

lumix_seam = "1.0"


@hookimpl
def lumix_solvers(register: Register) -> None:
    """Register the solver under the name that users write in ``use_solver``."""
    register("scipy", "lumix_scipy.solver:ScipySolver", requires="scipy", install="pip install lumix-scipy")
