// cspell:ignore seccomp netlink SCMP socketpair
/**
 * The calls to the kernel that a browser's container may make, as a profile in the engine's form. Without a profile the engine's own holds, which
 * lets nobody make user namespaces; with them Chromium puts each page into namespaces and a filter of its own. What such a namespace would
 * open besides stays shut: nothing here mounts, enters other namespaces, traces, loads, or talks to the packet filter.
 */
export function seccompProfile(): string {
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    syscalls: [
      { names: Object.values(CALLS).flatMap((names) => names.split(' ')), action: 'SCMP_ACT_ALLOW' },
      ...FAMILIES.map((args) => ({ names: ['socket', 'socketpair'], action: 'SCMP_ACT_ALLOW', args })),
      // The C library then does with `clone` what it would have done with this one.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
    ],
  })
}

const EPERM = 1
const ENOSYS = 38

// cspell:disable
/** By what they are about. A name that a kernel does not know is passed over by the engine. */
const CALLS = {
  files:
    'access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lchown lgetxattr link linkat listxattr llistxattr lseek lstat mkdir mkdirat mknod mknodat newfstatat open openat openat2 pipe pipe2 readlink readlinkat rename renameat renameat2 rmdir setxattr stat statfs statx symlink symlinkat sync sync_file_range syncfs truncate umask unlink unlinkat utime utimensat utimes',
  bytes:
    'pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readv sendfile splice tee vmsplice write writev',
  memory:
    'brk get_mempolicy madvise mbind membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease set_mempolicy shmat shmctl shmdt shmget',
  waiting:
    'epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 futex futex_waitv futex_wait futex_wake futex_requeue pause poll ppoll pselect6 select signalfd signalfd4 timerfd_create timerfd_gettime timerfd_settime',
  time: 'alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_settime times',
  processes:
    'arch_prctl capget capset chroot clone execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid ioprio_get ioprio_set kill pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid setgroups setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setuid tgkill tkill unshare vfork wait4 waitid',
  signals:
    'rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sigaltstack',
  sockets:
    'accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto setsockopt shutdown',
  machine: 'getrandom sysinfo uname',
  queues:
    'mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop',
} as const
// cspell:enable

const [UNIX, INET, INET6] = [1, 2, 10]
const DOMAIN = 0

/**
 * Sockets of these families alone. Not netlink: it would tell Chromium that the container has no network, and Chromium would tell every page that the
 * browser is offline, though the app is in reach. Where nobody tells, Chromium takes itself to be online.
 */
const FAMILIES = [UNIX, INET, INET6].map((value) => [{ index: DOMAIN, value, valueTwo: 0, op: 'SCMP_CMP_EQ' }])
