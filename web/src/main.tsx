import './tokens.css';
import './base.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { describeFailure } from './api/errors.js';
import { rememberPrefixes } from './keys/use-keys.js';
import { router } from './routes/router.js';

const root = document.getElementById('page');
if (root === null) throw new Error('index.html has no element "page"');

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The stream delivers changes; a refetch would return nothing else.
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => failures < 2 && describeFailure(error).retryable,
    },
  },
});

rememberPrefixes();
createRoot(root).render(
  <QueryClientProvider client={queries}>
    <RouterProvider router={router} />
  </QueryClientProvider>,
);
