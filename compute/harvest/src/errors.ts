import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const AGENT_ERRORS = {
  AGENT_OPTIONS: { message: 'An option of the agent is wrong.', kind: 'bad-input' },
  AGENT_REFUSED: { message: 'The fog refused this node.', kind: 'refused' },
  AGENT_UNREACHABLE: {
    message: 'The coordinator cannot be reached.',
    kind: 'unavailable',
    retryable: true,
  },
  AGENT_PROTOCOL: { message: 'The agent speaks another protocol version.', kind: 'refused' },
  AGENT_OTHER_FOG: { message: 'Another fog answers at a known address.', kind: 'refused' },
  AGENT_WRONG_NODE: { message: 'The fog took this node for another.', kind: 'refused' },
  AGENT_KNOWN_FOGS: { message: 'The file of known fogs cannot be used.', kind: 'bad-input' },
  AGENT_WEAK_SANDBOX: { message: 'The sandbox is weaker than asked for.', kind: 'refused' },
  AGENT_STOPPED: { message: 'The agent was stopped.', kind: 'cancelled' },
  AGENT_DISK: { message: 'The disk of this machine takes no more.', kind: 'unavailable' },
  AGENT_TRANSFER: {
    message: 'A transfer from or to the coordinator failed.',
    kind: 'unavailable',
    retryable: true,
  },
  AGENT_TRANSFER_REFUSED: {
    message: 'The coordinator refused a transfer.',
    kind: 'refused',
  },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof AGENT_ERRORS> = defineErrors(AGENT_ERRORS);
