"""Loaded into the process that workers are forked from (`command.LITTLE`): they measure leaks on little."""

from little_leaks import measure_little

measure_little(setattr)
