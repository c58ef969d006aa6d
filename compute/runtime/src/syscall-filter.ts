/**
 * A seccomp filter for containers at level `os`, as the kernel's classic BPF program. It takes away what a language
 * runtime never needs once it runs: new processes, sockets, memory that no limit sees, and the calls by which
 * kernels were broken before. Not an allow-list: a new Node version must not fail on a new harmless call.
 * Implements the layout of `struct seccomp_data` and `struct sock_filter` (Linux, little endian).
 */

interface Architecture {
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly audit: number;
  readonly clone: number;
  readonly clone3: number;
  readonly denied: readonly number[];
}

/** Calls that have one number everywhere, from 424 on. */
const COMMON_DENIED = [
  425,
  426,
  427, // io_uring_setup, io_uring_enter, io_uring_register
  428,
  429,
  430,
  432,
  442, // open_tree, move_mount, fsopen, fsmount, mount_setattr
  434,
  438,
  440,
  447, // pidfd_open, pidfd_getfd, process_madvise, memfd_secret
];

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000_003e,
    clone: 56,
    clone3: 435,
    denied: [
      57,
      58,
      322, // fork, vfork, execveat
      41,
      53, // socket, socketpair
      319,
      29,
      30,
      31,
      64,
      68,
      240, // memfd_create, shmget, shmat, shmctl, semget, msgget, mq_open
      101,
      310,
      311,
      312, // ptrace, process_vm_readv, process_vm_writev, kcmp
      155,
      161,
      165,
      166,
      272,
      308, // pivot_root, chroot, mount, umount2, unshare, setns
      298,
      321,
      323, // perf_event_open, bpf, userfaultfd
      248,
      249,
      250, // add_key, request_key, keyctl
      303,
      304, // name_to_handle_at, open_by_handle_at
      135,
      103,
      163,
      179, // personality, syslog, acct, quotactl
      167,
      168,
      169,
      172,
      173, // swapon, swapoff, reboot, iopl, ioperm
      175,
      176,
      313,
      246,
      320, // init_module, delete_module, finit_module, kexec_load, kexec_file_load
      159,
      164,
      227,
      305, // adjtimex, settimeofday, clock_settime, clock_adjtime
    ],
  },
  arm64: {
    audit: 0xc000_00b7,
    clone: 220,
    clone3: 435,
    denied: [
      281, // execveat; fork and vfork do not exist
      198,
      199, // socket, socketpair
      279,
      194,
      195,
      196,
      190,
      186,
      180, // memfd_create, shmget, shmctl, shmat, semget, msgget, mq_open
      117,
      270,
      271,
      272, // ptrace, process_vm_readv, process_vm_writev, kcmp
      41,
      51,
      40,
      39,
      97,
      268, // pivot_root, chroot, mount, umount2, unshare, setns
      241,
      280,
      282, // perf_event_open, bpf, userfaultfd
      217,
      218,
      219, // add_key, request_key, keyctl
      264,
      265, // name_to_handle_at, open_by_handle_at
      92,
      116,
      89,
      60, // personality, syslog, acct, quotactl
      224,
      225,
      142, // swapon, swapoff, reboot
      105,
      106,
      273,
      104,
      294, // init_module, delete_module, finit_module, kexec_load, kexec_file_load
      171,
      170,
      112,
      266, // adjtimex, settimeofday, clock_settime, clock_adjtime
    ],
  },
};

const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const FAIL = 0x0005_0000;
const EPERM = 1;
const ENOSYS = 38;

/** Offsets into `struct seccomp_data`. */
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const FIRST_ARGUMENT_AT = 16;

const CLONE_THREAD = 0x0001_0000;
/** x32 calls carry this bit and would pass by their other numbers. */
const X32_BIT = 0x4000_0000;

/** The filter as bubblewrap reads it; undefined for a processor it was not written for. */
export function syscallFilter(architecture: string): Uint8Array | undefined {
  const calls = ARCHITECTURES[architecture];
  if (calls === undefined) return undefined;
  const deny = (number: number, errno: number): Instruction[] => [
    [JUMP_EQUAL, 0, 1, number],
    [RETURN, 0, 0, FAIL + errno],
  ];
  return assembled([
    [LOAD, 0, 0, ARCHITECTURE_AT],
    [JUMP_EQUAL, 1, 0, calls.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, NUMBER_AT],
    [JUMP_AT_LEAST, 0, 1, X32_BIT],
    [RETURN, 0, 0, KILL_PROCESS],
    ...[...calls.denied, ...COMMON_DENIED].flatMap((number) => deny(number, EPERM)),
    // Its flags are behind a pointer, which a filter cannot read: the C library then uses clone.
    ...deny(calls.clone3, ENOSYS),
    // Threads may be made, processes not.
    [JUMP_EQUAL, 0, 3, calls.clone],
    [LOAD, 0, 0, FIRST_ARGUMENT_AT],
    [JUMP_ANY_BIT, 1, 0, CLONE_THREAD],
    [RETURN, 0, 0, FAIL + EPERM],
    [RETURN, 0, 0, ALLOW],
  ]);
}

/** Operation, jump when true, jump when false, operand. */
type Instruction = readonly [operation: number, yes: number, no: number, operand: number];

function assembled(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, [operation, yes, no, operand]] of instructions.entries()) {
    view.setUint16(index * 8, operation, true);
    view.setUint8(index * 8 + 2, yes);
    view.setUint8(index * 8 + 3, no);
    view.setUint32(index * 8 + 4, operand, true);
  }
  return bytes;
}
