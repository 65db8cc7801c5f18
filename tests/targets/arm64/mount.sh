#!/bin/sh
# mount.sh ROOT HOME: in a sandbox, an Arm board's file system at /run/target.
# ROOT is copied; HOME, a folder of the machine, is the board's /home/board.
set -eu
root=$1
home=$2
target=/run/target

mkdir $target
mount -t tmpfs -o size=1g,mode=755 tmpfs $target
cp -a "$root/." $target
mount --bind "$home" $target/home/board

mount -t proc proc $target/proc
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts $target/dev/pts
mount -t tmpfs -o size=256m tmpfs $target/dev/shm
ln -s pts/ptmx $target/dev/ptmx
ln -s /proc/self/fd $target/dev/fd
for device in full null random tty urandom zero; do
    touch $target/dev/$device
    mount --bind /dev/$device $target/dev/$device
done

# ONNX Runtime asks which processor it runs on and ends in a segmentation fault when the answers
# are of an x86. As many cores as the machine has, the last one the fastest; all may be written to.
cpus=$target/sys/devices/system/cpu
last=$(($(nproc --all) - 1))
mkdir -p $cpus $target/sys/class/thermal/thermal_zone0
for file in possible present online; do
    echo "0-$last" >$cpus/$file
done
for core in $(seq 0 $last); do
    folder=$cpus/cpu$core/cpufreq
    mkdir -p $folder
    clock=1500000
    [ "$core" != "$last" ] || clock=2400000
    for file in cpuinfo_max_freq scaling_max_freq scaling_cur_freq; do
        echo $clock >$folder/$file
    done
    echo performance >$folder/scaling_governor
    cat <<CORE
processor	: $core
BogoMIPS	: 108.00
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x0
CPU part	: 0xd08
CPU revision	: 3

CORE
done >/run/cpuinfo
mount --bind /run/cpuinfo $target/proc/cpuinfo
echo cpu-thermal >$target/sys/class/thermal/thermal_zone0/type
echo 45000 >$target/sys/class/thermal/thermal_zone0/temp
