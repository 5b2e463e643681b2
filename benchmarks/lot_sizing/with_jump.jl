# The lot-sizing model of the guide in the style of JuMP, from the same tables.
using DataFrames, DBInterface, HiGHS, JuMP, SQLite

# The model begins here.
function build(db)
    table(name) = DataFrame(DBInterface.execute(db, "SELECT * FROM $name"))
    products, machines, weeks, demands = table("products"), table("machines"), table("weeks"), table("demands")
    P, W = products.id, weeks.id
    product = Dict(row.id => row for row in eachrow(products))
    units = Dict((row.product_id, row.week_id) => row.units for row in eachrow(demands))
    need(p, w) = get(units, (p, w), 0.0)
    still_needed(p, w) = sum(need(p, v) for v in W if v >= w)

    model = Model(HiGHS.Optimizer)
    @variable(model, make[P, W] >= 0)
    @variable(model, stock[P, W] >= 0)
    @variable(model, setup[P, W], Bin)

    before(p, w) = w == first(W) ? product[p].stock : stock[p, w - 1]
    @constraint(model, balance[p in P, w in W], before(p, w) + make[p, w] - stock[p, w] == need(p, w))

    used(p, w) = product[p].hours * make[p, w] + product[p].setup_hours * setup[p, w]
    on(m) = [p for p in P if product[p].machine_id == m.id]
    @constraint(model, hours[m in eachrow(machines), w in W], sum(used(p, w) for p in on(m); init = 0) <= m.hours)

    @constraint(model, switch[p in P, w in W], make[p, w] <= still_needed(p, w) * setup[p, w])

    cost(p, w) = product[p].holding_cost * stock[p, w] + product[p].setup_cost * setup[p, w]
    @objective(model, Min, sum(cost(p, w) for p in P, w in W))
    return model
end
# The model ends here.
