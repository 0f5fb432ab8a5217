"""The local stack: functions host, relay and simulator as processes that know each other."""
