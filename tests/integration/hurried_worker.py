"""A worker for which a pump on battery is silent after seconds, so that a test need not wait minutes."""

from services.worker import run
from streams.agents import power
from streams.power.partition import PowerPartition
from streams.power.settings import PowerSettings
from streams.settings import Settings

power.LOOK_EVERY_S, power.STILL_FROM_S = 0.2, 1.0
power.PowerAgent.decisions = lambda agent, partition: PowerPartition(
    PowerSettings(silent_after_min=0.1), losses=agent._losses
)
run(Settings.load())
