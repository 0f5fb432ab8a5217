"""The Functions app: what it consists of. `host.json` says how it runs, `docs/` why."""

import azure.durable_functions as df
import azure.functions as func

from activities.triggers import bp as activities
from api.routes import bp as routes
from api.triggers import bp as events
from orchestrators.triggers import bp as orchestrators

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
for blueprint in (routes, events, orchestrators, activities):
    app.register_functions(blueprint)
