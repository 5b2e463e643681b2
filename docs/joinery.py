"""The model of the page on the command line: what a joinery makes of its wood."""

from lumix import LXConstraint, LXLinearExpression, LXModel, LXScenario, LXVariable

PROFIT = {"chair": 45.0, "table": 120.0}
WOOD = {"chair": 8.0, "table": 25.0}


def build() -> LXModel:
    """Return the model."""
    made = LXVariable[str, float]("made").bounds(lower=0, upper=40).from_data(list(PROFIT))
    wood = LXConstraint[None]("wood").expression(LXLinearExpression().sum_over(made, lambda p: WOOD[p])).le().rhs(500)
    profit = LXLinearExpression().add_term(made, lambda p: PROFIT[p])
    return LXModel("joinery").add_variable(made).add_constraint(wood).maximize(profit)


def scenarios() -> list[LXScenario]:
    """Return what may happen."""
    return [LXScenario("more wood").modify_constraint_rhs("wood", add=100)]
