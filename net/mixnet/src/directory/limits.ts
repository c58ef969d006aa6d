/** Bounds of the directory. */

/** Of one signed descriptor: 1.5 KB in use; the rest is room for loss statistics. */
export const MAX_DESCRIPTOR_BYTES: number = 16 * 1024;

/** Items of CBOR in what is read before a signature is checked: the largest is a descriptor with all its loss statistics, 1,200. */
export const MAX_UNSIGNED_ITEMS = 2_000;

/** Relays of one network: a consensus of them is read whole by every member. */
export const MAX_RELAYS = 1_000;

/** Of the relays of one vote: MAX_RELAYS descriptors of usual size, several times over. */
export const MAX_VOTE_BYTES: number = 6 * 1024 * 1024;

/** Items of CBOR in the relays of a vote, 13 of each: a lying authority must not fill the others' memory either. */
export const MAX_VOTE_ITEMS: number = 16 * MAX_RELAYS;

/** Of the head of a vote, a note of a signature and the like: a few hundred bytes in use. */
export const MAX_HEAD_BYTES: number = 4 * 1024;

/** Of a certificate: two heads of each authority are enough to convict it. */
export const MAX_CERTIFICATE_BYTES: number = 256 * 1024;

/** Of a consensus with its signatures. */
export const MAX_CONSENSUS_BYTES: number = 8 * 1024 * 1024;

/** Of one network: each reads all the others' votes in every round. */
export const MAX_AUTHORITIES = 16;

/** Heads of one authority in one round: the second proves that it equivocates, more prove nothing new. */
export const MAX_HEADS_PER_AUTHORITY = 2;

/** Addresses one relay may be reached at. */
export const MAX_ADDRESSES = 4;

/** Optional abilities a relay names. */
export const MAX_FEATURES = 16;

/** Neighbours a relay reports on. */
export const MAX_LOSS_LINKS = 128;

/** Epochs whose VRF output one descriptor reveals: two epochs of grace and some of absence. */
export const MAX_REVEALS = 8;

/** Of names in descriptors and of the network, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 64;

/** Latest date documents may bear (year 2255): keeps sums of times exact. */
export const MAX_TIME_MS = 9_000_000_000_000;

/** Shortest and longest epoch: tests live on the one, and keys must die within the other. */
export const MIN_EPOCH_MS = 400;
/** A day: mix keys must die within it. */
export const MAX_EPOCH_MS: number = 24 * 60 * 60_000;

/** Epoch numbers and revisions. */
export const MAX_COUNTER: number = 2 ** 40;

/** Middle relays the lottery may draw: no more than there may be relays. */
export const MAX_ACTIVE = 1_000;

/** Unless the operator says otherwise. */
export const DEFAULT_MAX_ACTIVE = 200;

/** Packets a second a relay may claim. */
export const MAX_RATE = 10_000_000;

/** Whole credits of one account. */
export const MAX_STAKE_CREDITS = 1_000_000_000_000;

/** Signatures and evidence an authority keeps of its peers' faults; the oldest goes. */
export const MAX_EVIDENCE = 64;

/** Epochs of which an authority remembers value and relays, to check what is revealed later. */
export const MAX_VALUE_HISTORY = 8;

/** Connections of one directory server: members come for seconds. */
export const MAX_DIRECTORY_CONNECTIONS = 512;

/** Request bodies held at one time: a flood of votes must not fill the memory. */
export const MAX_INFLIGHT_BYTES: number = 48 * 1024 * 1024;

/** For the head of a request to arrive. */
export const REQUEST_HEAD_MS = 5_000;

/** For a whole request to arrive: 8 MB at a slow uplink. */
export const REQUEST_MS = 20_000;

/** An idle connection of a member stays for its next request. */
export const KEEP_ALIVE_MS = 5_000;

/** For an answer of an authority; it computes nothing long. */
export const CALL_TIMEOUT_MS = 10_000;

/** Of error answers and statuses read by members. */
export const MAX_ANSWER_BYTES: number = 64 * 1024;

/** Clocks may differ by this much and all still works; short epochs allow an eighth of a phase. */
export const SKEW_TOLERANCE_MS = 30_000;

/** Of the state file: descriptors of MAX_RELAYS, three consensuses and the evidence. */
export const MAX_STATE_BYTES: number = 96 * 1024 * 1024;

/** Past epochs whose VRF outputs must be there: the epoch, its successor in which the key dies, and two of grace. */
export const REVEAL_AFTER_EPOCHS = 4;

/** A change of few relays waits this long before it makes a revision of its own, or a phase where that is shorter. */
export const STANDING_CHANGE_MS = 30_000;

/** Added to an epoch before a relay without a fresh upload counts as gone. */
export const UPLOAD_GRACE_MS = 2_000;

/** How far ahead of what it knows an authority follows another's revision. */
export const MAX_REVISION_STEP = 1_000;

/** Between tries to reach a peer. */
export const MIN_RETRY_MS = 100;
/** Where the doubling of that wait ends: phases are seconds long. */
export const MAX_RETRY_MS = 2_000;

/** With no consensus at all an authority tries again at least this often. */
export const MAX_BOOTSTRAP_GAP_MS = 4_000;

/** A vote's relays asked of one peer. */
export const GATHER_TIMEOUT_MS = 3_000;

/** From here on a member refuses to work: its packets would bear the wrong keys. */
export const MAX_SKEW_MS: number = 2 * 60_000;

/** Rounds an authority keeps messages of: the grid's, an immediate one, and their late guests. */
export const MAX_OPEN_ROUNDS = 8;

/** Requests a second of one address, and at once. */
export const REQUESTS_PER_SECOND = 200;
/** What one address may ask for at once: three seconds of it. */
export const MAX_REQUEST_BURST = 600;

/** Addresses whose requests are counted one by one. */
export const MAX_COUNTED_ADDRESSES = 4_096;
