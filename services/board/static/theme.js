// The colours: what the reader chose, or what the system asks for. It runs before the page is drawn, so that no
// page flashes in other colours first; frame.js has the switch.

{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem("theme");
    } catch {
      // A browser that stores nothing follows its system.
    }
    const theme = ["light", "dark"].includes(chosen) ? chosen : dark.matches ? "dark" : "light";
    if (document.documentElement.dataset.theme === theme) return;
    document.documentElement.dataset.theme = theme;
    // Charts are drawn in colours that were read from the page.
    document.dispatchEvent(new Event("themechange"));
  };
  show();
  dark.addEventListener("change", show);
  // Another tab chose, or the switch did.
  addEventListener("storage", show);
  document.addEventListener("themechosen", show);
}
