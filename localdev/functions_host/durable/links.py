"""The URLs under which an orchestration is managed, and the JSON of Durable client bindings."""

import json
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """`base` is the public management URL, `rpc_base` the SDK's own door (ends with a slash)."""

    base: str
    rpc_base: str
    task_hub: str
    key_query: str

    def management(self, instance: str) -> dict[str, str]:
        """Every management URL of one orchestration."""
        query = f"taskHub={quote(self.task_hub)}&connection=Storage"
        if self.key_query:
            query += f"&{self.key_query}"
        own = f"{self.base}/instances/{quote(instance, safe='')}"
        return {
            "id": instance,
            "statusQueryGetUri": f"{own}?{query}",
            "sendEventPostUri": f"{own}/raiseEvent/{{eventName}}?{query}",
            "terminatePostUri": f"{own}/terminate?reason={{text}}&{query}",
            "rewindPostUri": f"{own}/rewind?reason={{text}}&{query}",
            "purgeHistoryDeleteUri": f"{own}?{query}",
            "restartPostUri": f"{own}/restart?{query}",
            "suspendPostUri": f"{own}/suspend?reason={{text}}&{query}",
            "resumePostUri": f"{own}/resume?reason={{text}}&{query}",
        }

    def client_binding(self) -> str:
        """What Durable client parameters are made from; the SDK replaces INSTANCEID."""
        create = f"{self.base}/orchestrators/{{functionName}}[/{{instanceId}}]"
        wait = "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}"
        binding = {
            "taskHubName": self.task_hub,
            "connectionName": "Storage",
            "creationUrls": {
                "createNewInstancePostUri": f"{create}?{self.key_query}",
                "createAndWaitOnNewInstancePostUri": f"{create}?{wait}&{self.key_query}",
            },
            "managementUrls": self.management("INSTANCEID"),
            "baseUrl": self.base,
            "requiredQueryStringParameters": self.key_query,
            "rpcBaseUrl": self.rpc_base,
            "httpBaseUrl": self.base,
        }
        return json.dumps(binding)
