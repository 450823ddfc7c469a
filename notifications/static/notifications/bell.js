// The bell in the administration's header: what the person was told, live by the inbox's socket. The list is HTML of the
// server's own templates, in the reader's language; the socket only says that there is something new.
document.addEventListener("DOMContentLoaded", () => {
  const bell = document.querySelector("[data-bell]");
  if (!bell) return;
  const [button, list, status] = ["button", "section", "[role=status]"].map((part) => bell.querySelector(part));
  const count = bell.querySelector(".ch-bell-count");
  const name = button.getAttribute("aria-label");
  let known = null;
  let wait = 1000;

  const refresh = async () => {
    const answer = await fetch(bell.dataset.bell, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const held = list.contains(document.activeElement);
    list.innerHTML = await answer.text();
    const { unread, shown, says } = list.firstElementChild.dataset;
    count.hidden = unread === "0";
    count.textContent = shown;
    button.setAttribute("aria-label", unread === "0" ? name : `${name}: ${says}`);
    if (known !== null && Number(unread) > known) status.textContent = says;
    known = Number(unread);
    if (held) list.focus();
  };

  const listen = () => {
    const address = new URL("/ws/inbox/", window.location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, ["charla.v1", `tenant.${bell.dataset.tenant}`]);
    socket.addEventListener("message", (event) => {
      const { type } = JSON.parse(event.data);
      if (type === "ready") wait = 1000;
      if (["ready", "resync", "notification", "notification.read"].includes(type)) refresh();
    });
    socket.addEventListener("close", ({ code }) => {
      if (code === 4401 || code === 4403) return;
      setTimeout(listen, wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, 30000);
    });
  };

  const show = (isOpen) => {
    list.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.addEventListener("click", () => {
    show(list.hidden);
    if (!list.hidden) list.focus();
  });
  bell.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    show(false);
    button.focus();
  });
  document.addEventListener("click", (event) => {
    if (!list.hidden && !event.composedPath().includes(bell)) show(false);
  });
  bell.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !bell.contains(event.relatedTarget)) show(false);
  });
  list.addEventListener("submit", async (event) => {
    if (!event.target.matches("[data-reads]")) return;
    event.preventDefault();
    const { action } = event.target;
    await fetch(action, { method: "POST", body: new FormData(event.target), redirect: "manual" }).catch(() => null);
    await refresh();
  });
  refresh();
  listen();
});
