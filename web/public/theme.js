// Runs before the first paint, so that a chosen theme never flashes. A script of its own, since the policy allows no inline one.
try {
  const { theme, density } = JSON.parse(localStorage.getItem('workflow-graph') ?? '{}');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  if (density === 'compact') document.documentElement.dataset.density = density;
} catch {
  // No storage, or not ours: the system's theme.
}
