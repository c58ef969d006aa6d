import { defineErrors, type ErrorFactory, type ErrorTable } from '@fog/kernel';

export const SERVER_ERRORS = {
  CLIENT_URL: { message: 'The address of the fog is not a usable URL.', kind: 'bad-input' },
  CLIENT_UNREACHABLE: {
    message: 'No fog answers at this address.',
    kind: 'unavailable',
    retryable: true,
  },
  CLIENT_UNAUTHORISED: { message: 'The fog does not accept this token.', kind: 'unauthorised' },
  CLIENT_BAD_ANSWER: {
    message: 'What answers at this address does not speak as a fog of this version.',
    kind: 'unavailable',
  },
  CLIENT_CANCELLED: { message: 'The call was cancelled.', kind: 'cancelled' },

  SERVER_PORT_TAKEN: { message: 'The port is in use by another program.', kind: 'conflict' },
  SERVER_LISTEN: { message: 'The API cannot listen on this address.', kind: 'unavailable' },
  SERVER_CERTIFICATE: {
    message: 'The certificate for TLS cannot be used.',
    kind: 'bad-input',
  },
  SERVER_UNAUTHORISED: {
    message:
      'A valid token is needed: send it as "Authorization: Bearer <token>". "fog up" prints the first one.',
    kind: 'unauthorised',
  },
  SERVER_TOO_MANY_FAILURES: {
    message: 'Too many wrong tokens came from this address.',
    kind: 'rate-limited',
    retryable: true,
  },
  SERVER_FORBIDDEN: { message: 'This call needs the operator role.', kind: 'forbidden' },
  SERVER_HOST: {
    message: 'The Host header does not name this server.',
    kind: 'refused',
  },
  SERVER_ORIGIN: { message: 'This web page may not talk to this fog.', kind: 'forbidden' },
  SERVER_NO_ROUTE: { message: 'There is nothing at this path.', kind: 'not-found' },
  SERVER_METHOD: { message: 'This path does not take this method.', kind: 'bad-input' },
  SERVER_BODY: { message: 'The body of the request cannot be read.', kind: 'bad-input' },
  SERVER_MEDIA_TYPE: {
    message: 'The body must be application/json, or application/octet-stream for bytes.',
    kind: 'bad-input',
  },
  SERVER_TOO_LARGE: { message: 'The body is over the limit of this call.', kind: 'too-large' },
  SERVER_SLOW: { message: 'The upload came too slowly.', kind: 'timeout', retryable: true },
  SERVER_NO_CONTENT: {
    message: 'There are no such bytes, or they are not yours to read.',
    kind: 'not-found',
  },
  SERVER_NO_OUTPUT: { message: 'The task has no such output.', kind: 'not-found' },
  SERVER_NO_LEASE: { message: 'This node does not hold that lease.', kind: 'conflict' },
  SERVER_SERVICE_DOWN: {
    message: 'A part of the fog this call needs is down.',
    kind: 'unavailable',
    retryable: true,
  },
  SERVER_CONTENT_REMOVED: {
    message: 'Nobody used this content, and it was being removed just now. Send it again.',
    kind: 'unavailable',
    retryable: true,
  },
  SERVER_NO_LEADER: {
    message: 'No coordinator of the fog leads at the moment.',
    kind: 'unavailable',
    retryable: true,
  },
  SERVER_NO_MIXNET: {
    message:
      'This fog runs no mixnet: it was started with --no-mixnet or for one role alone. Start it with "fog up".',
    kind: 'unavailable',
  },
  SERVER_BUSY: {
    message: 'The fog serves as many connections of this kind as it can. Try again later.',
    kind: 'unavailable',
    retryable: true,
  },
  SERVER_STOPPING: { message: 'The fog is stopping.', kind: 'unavailable', retryable: true },
  SERVER_BUG: { message: 'The fog failed to do this.', kind: 'bug' },

  AGENT_PROTOCOL: { message: 'The agent speaks another protocol version.', kind: 'refused' },
  AGENT_PROOF: { message: 'The agent did not prove its node key.', kind: 'unauthorised' },
  AGENT_NOT_ENROLLED: {
    message:
      'This node is not part of the fog yet: join with a code, which "fog up" and "fog invite" print.',
    kind: 'unauthorised',
  },
  AGENT_FRAME: { message: 'A message of the agent does not fit the protocol.', kind: 'bad-input' },

  JOIN_CODE_UNKNOWN: {
    message: 'This join code is not known here. Copy the whole join line from the fog again.',
    kind: 'unauthorised',
  },
  JOIN_CODE_EXPIRED: {
    message: 'This join code has expired: codes live 10 minutes. Get a new one from the fog.',
    kind: 'unauthorised',
  },
  JOIN_CODE_USED_UP: {
    message: 'This join code is used up: it enrols 10 nodes. Get a new one from the fog.',
    kind: 'unauthorised',
  },

  SERVICE_CYCLE: { message: 'Services require each other in a circle.', kind: 'bug' },
  SERVICE_DUPLICATE: { message: 'Two services have the same name.', kind: 'bug' },
  SERVICE_UNKNOWN_REQUIREMENT: {
    message: 'A service requires one that is not there.',
    kind: 'bug',
  },
  SERVICE_UNKNOWN: { message: 'There is no such service.', kind: 'not-found' },
  SERVICE_START_TIMEOUT: {
    message: 'The service did not start in time.',
    kind: 'timeout',
    retryable: true,
  },
  SERVICE_UNHEALTHY: {
    message: 'The service started but is not healthy.',
    kind: 'unavailable',
    retryable: true,
  },
  SERVICE_NOT_RESTARTABLE: {
    message: 'This service cannot be restarted alone. Stop the fog and start it again.',
    kind: 'conflict',
  },
} as const satisfies ErrorTable;

export const fail: ErrorFactory<typeof SERVER_ERRORS> = defineErrors(SERVER_ERRORS);
