#!/usr/bin/env bash
# Runs the tests that need a real Slurm on one of this host: make test-cluster. As root, with slurm-wlm and munge.
# Ends with 77 if such a Slurm cannot be brought up here.
set -euo pipefail
cd "$(dirname "$0")/../.."

for program in slurmctld slurmd sbatch munged; do
    PATH=$PATH:/usr/sbin command -v "$program" > /dev/null || {
        echo "make test-cluster: $program is not here; apt-get install slurm-wlm munge" >&2
        exit 77
    }
done
[[ $(id -u) == 0 ]] || { echo "make test-cluster: Slurm's daemons need root here" >&2; exit 77; }

# Before anything is exported: in another environment swift would build everything anew.
swift build -c release --build-tests --explicit-target-dependency-import-check error
dir=$(mktemp -d)
# What is left behind in a temporary folder is no failure of the tests.
trap 'Tests/cluster/slurm.sh down "$dir" || true; rm -rf "$dir" || true' EXIT
Tests/cluster/slurm.sh up "$dir" || exit 77
export SLURM_CONF=$dir/slurm.conf VSDB_SLURM=$dir
sinfo
swift test -c release --skip-build --filter RealSlurmTests
