#!/bin/sh
# A grid on Slurm: any number of equal jobs share one results folder and divide its stacks among them.
#
#     sbatch --array 1-4 docs/slurm.sh ablations/bandit.yaml results/bandit
#
# More options of run-grid may follow. Two minutes before its time limit a job is told to stop. It keeps what is finished
# and its last snapshots, and asks Slurm to run it again; so the time limit may be shorter than a stack takes.
# The folder has to lie where every node sees it. Adapt the lines below to your cluster.

#SBATCH --job-name ingredients
#SBATCH --nodes 1
#SBATCH --cpus-per-task 8
#SBATCH --mem-per-cpu 1G
#SBATCH --time 01:00:00
#SBATCH --requeue
#SBATCH --open-mode append
#SBATCH --signal B:TERM@120

if [ $# -lt 2 ]; then
  echo "usage: sbatch --array 1-N $0 STUDY.yaml RESULT_DIR [options of run-grid]" >&2
  exit 2
fi
study=$1 results=$2
shift 2

ingredients run-grid "$study" --out "$results" --workers "${SLURM_CPUS_PER_TASK:-1}" --snapshot-every 60s "$@" &
grid=$!
trap 'kill -TERM "$grid" 2>/dev/null' TERM INT

# a signal ends `wait`, and the grid ends some seconds later
wait "$grid"
code=$?
while kill -0 "$grid" 2>/dev/null; do
  wait "$grid"
  code=$?
done

# 130 is what run-grid says where it was interrupted
if [ "$code" -eq 130 ] && [ -n "${SLURM_JOB_ID:-}" ]; then
  exec scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
