/** A coordinator that takes every result of a lease it remembers, whatever was issued since, and calls none back. */
import { editSources } from './source-edits.ts';

editSources([
  {
    file: '/control/coordinator/src/lease/result-desk.ts',
    from: 'return job.leases.get(index) === lease && !job.board.hasEnded(index);',
    to: 'return true;',
  },
  {
    file: '/control/coordinator/src/registry/registry.ts',
    from: 'else if (lease.job.leases.get(lease.index) !== lease) revoked.push(token);',
    to: '',
  },
]);
