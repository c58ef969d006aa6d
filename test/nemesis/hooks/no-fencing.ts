/** A coordinator that takes every result of a lease it remembers, whatever was issued since. */
import { editSources } from './source-edits.ts';

editSources([
  {
    file: '/control/coordinator/src/lease/result-desk.ts',
    from: 'return job.leases.get(index) === lease && !job.board.hasEnded(index);',
    to: 'return true;',
  },
]);
