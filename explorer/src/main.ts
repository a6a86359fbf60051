// The program is loaded twice: by the page, and by the worker that the page starts from it.

import { startPage } from './page.ts';
import { serve } from './worker.ts';

if (typeof document === 'undefined') serve(globalThis as never);
else startPage();
