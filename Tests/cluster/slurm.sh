#!/usr/bin/env bash
# A Slurm of two nodes on this host, for tests: munge, one controller, two slurmd. As root, with Debian's slurm-wlm.
#
#   slurm.sh up DIR          brings it up in DIR; SLURM_CONF=DIR/slurm.conf makes sbatch and squeue use it
#   slurm.sh node DIR NAME   starts the slurmd of a node (n1, n2) that was killed
#   slurm.sh kill DIR NAME [all]   kills a node's slurmd; with all, its tasks too, as when the node is lost
#   slurm.sh down DIR        ends everything
set -euo pipefail
# Here alone: another PATH would make swift build everything anew.
PATH=$PATH:/usr/sbin

action=$1
dir=$(mkdir -p "$2" && cd "$2" && pwd)
export SLURM_CONF=$dir/slurm.conf
host=$(hostname -s)

start_node() { slurmd -f "$SLURM_CONF" -N "$1"; }

kill_node() {
    # First the daemon, so that it cannot report the end of its tasks.
    kill -9 "$(cat "$dir/d.$1.pid")" 2> /dev/null || true
    [[ ${2-} == all ]] || return 0
    for process in /proc/[0-9]*; do
        if tr '\0' '\n' 2> /dev/null < "$process/environ" | grep -qx "SLURMD_NODENAME=$1" \
            && tr '\0' '\n' < "$process/environ" | grep -qx "SLURM_CONF=$SLURM_CONF"; then
            kill -9 "${process#/proc/}" 2> /dev/null || true
        fi
    done
}

# Returns once the daemon has ended: until then it writes its state into DIR, which can't be removed meanwhile.
end_daemon() {
    local pid
    pid=$(cat "$1" 2> /dev/null) || return 0
    kill "$pid" 2> /dev/null || return 0
    for _ in $(seq 200); do
        kill -0 "$pid" 2> /dev/null || return 0
        sleep 0.1
    done
    kill -9 "$pid" 2> /dev/null || true
}

case $action in
up)
    mkdir -p "$dir/state"
    # Ports of their own, so that a Slurm of the machine is not disturbed.
    base=${SLURM_TEST_PORT:-16910}
    cat > "$SLURM_CONF" << END
ClusterName=vsdbtest
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$base
SlurmUser=root
AuthType=auth/munge
# A task of a lost node is held until its credential has expired; 120 seconds if nothing is said.
AuthInfo=socket=$dir/munge.socket,cred_expire=15
SlurmdSpoolDir=$dir/spool.%n
SlurmdPidFile=$dir/d.%n.pid
SlurmdLogFile=$dir/d.%n.log
SlurmctldLogFile=$dir/controller.log
StateSaveLocation=$dir/state
SlurmctldPidFile=$dir/controller.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=15
JobRequeue=1
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((base + 1)) CPUs=2 RealMemory=2000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((base + 2)) CPUs=2 RealMemory=2000
PartitionName=main Nodes=n1,n2 Default=YES State=UP
END
    head -c 1024 /dev/urandom > "$dir/munge.key"
    chmod 600 "$dir/munge.key"
    munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
        --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" --seed-file="$dir/munged.seed"
    slurmctld -f "$SLURM_CONF"
    start_node n1
    start_node n2
    for _ in $(seq 60); do
        [[ $(sinfo -h -N -o %T 2> /dev/null | grep -c idle) == 2 ]] && exit 0
        sleep 1
    done
    echo "the nodes did not come up:" >&2
    sinfo -N -l >&2 || true
    tail -n 20 "$dir"/*.log >&2
    exit 1
    ;;
node) start_node "$3" ;;
kill) kill_node "$3" "${4-}" ;;
down)
    scancel --state=PENDING --user=root 2> /dev/null || true
    scancel --state=RUNNING --user=root 2> /dev/null || true
    for name in d.n1 d.n2 controller munged; do
        end_daemon "$dir/$name.pid"
    done
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac
