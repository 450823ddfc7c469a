/**
 * Charla's chat widget: one file, no build step, nothing from another host.
 *
 *   <script src="https://HOST/static/chats/widget.js" data-key="pk_…" async></script>
 *
 * puts a launcher on the page; `<charla-widget data-inline data-key="pk_…">` shows the same
 * conversation inside the page. It keeps to a strict Content-Security-Policy: its style sheet is
 * adopted by its shadow root, it never writes HTML from text, evaluates nothing and sets no cookie.
 * The host page needs `script-src HOST` and `connect-src HOST wss://HOST`, no more.
 *
 * Parts, in this order: texts · small things · Locker (what this browser keeps) · request (REST) ·
 * Wire (the socket) · Conversation (everything but the looks) · text to nodes · style sheet ·
 * CharlaWidget (the looks) · window.Charla.
 */
(() => {
  "use strict";
  if (window.Charla) return;

  const SCRIPT = document.currentScript;
  const BASE = SCRIPT ? SCRIPT.src.replace(/\/static\/chats\/widget[^/]*$/, "") : location.origin;
  const MESSAGE_LIMIT = 10_000; // characters, the server's own limit
  const PAGE = 200; // messages per page of history
  const FILES_LIMIT = 5; // of one message, and bytes of one file: where the server's configuration says nothing else
  const FILE_LIMIT = 10_000_000;
  const ACCEPTED = "image/jpeg,image/png,image/webp,image/gif,image/avif,audio/*,video/mp4,application/pdf,application/zip,text/plain,.csv,.docx,.xlsx,.pptx,.odt,.ods,.odp";

  // ------------------------------------------------------------------------------------ texts

  const TEXTS = {
    es: {
      title: "Chat", open: "Abrir el chat", close: "Cerrar el chat", unread: "{n} mensajes sin leer",
      subtitle: "asistente virtual", waiting: "En espera de una persona",
      withPerson: "Responde {name}", person: "una persona del equipo",
      greeting: "¡Hola! ¿En qué podemos ayudar?", suggestions: "Para empezar",
      log: "Conversación", you: "Usted", assistant: "Asistente", staff: "Equipo", system: "Aviso",
      field: "Escribir un mensaje", placeholder: "Escribir una pregunta…", send: "Enviar",
      sending: "Enviando…", queued: "En espera de envío", sent: "Enviado",
      failed: "No se envió.", retry: "Reintentar", discard: "Descartar", typing: "{name} está escribiendo",
      sources: "Fuentes ({n})", newTab: "(se abre en otra pestaña)", latest: "Ir a lo último",
      menu: "Opciones", human: "Hablar con una persona", rate: "Valorar", restart: "Conversación nueva",
      language: "Switch to English", other: "EN", otherLanguage: "en",
      escalated: "El equipo ya está avisado. Una persona responderá aquí mismo; se puede seguir escribiendo.",
      completed: "La conversación se dio por terminada. Un mensaje nuevo la retoma.",
      fresh: "Conversación nueva",
      rateTitle: "¿Qué tal fue la conversación?", stars: ["Muy mala", "Mala", "Regular", "Buena", "Muy buena"],
      comment: "Comentario (opcional)", rateSend: "Enviar valoración", cancel: "Cancelar",
      rateMissing: "Falta elegir de 1 a 5 estrellas.", rated: "¡Gracias por la valoración!",
      offline: "Sin conexión a internet. Los mensajes se enviarán cuando vuelva.",
      reconnecting: "Se perdió la conexión. Reconectando…",
      slow: "Van muchos mensajes seguidos. Lo enviamos de nuevo en {n} s.",
      maintenance: "Estamos en mantenimiento. Lo intentamos de nuevo en {n} s.",
      tooLong: "El mensaje tiene {n} caracteres y el máximo es {max}. Hay que acortarlo.",
      noKey: "Falta la clave pública (data-key) de este chat.",
      refused: "Este chat no está habilitado para esta página. Quien la administra puede activarlo.",
      broken: "No se pudo completar. Conviene probar de nuevo en un momento.",
      attach: "Adjuntar archivos", detach: "Quitar {name}", download: "Descargar {name}", enlarge: "Ver {name}",
      play: "Escuchar {name}", stop: "Detener {name}", closeView: "Cerrar la imagen", files: "Archivos elegidos",
      tooMany: "Se pueden enviar como máximo {n} archivos por mensaje.",
      tooBig: "{name} pesa demasiado: el máximo por archivo es de {n} MB.",
      noFile: "No se pudo abrir {name}.",
    },
    en: {
      title: "Chat", open: "Open chat", close: "Close chat", unread: "{n} unread messages",
      subtitle: "virtual assistant", waiting: "Waiting for a person",
      withPerson: "You are talking with {name}", person: "a person from the team",
      greeting: "Hello! How can I help you?", suggestions: "You can start here",
      log: "Conversation", you: "You", assistant: "Assistant", staff: "Team", system: "Notice",
      field: "Write your message", placeholder: "Write your question…", send: "Send",
      sending: "Sending…", queued: "Waiting to be sent", sent: "Sent",
      failed: "Not sent.", retry: "Try again", discard: "Discard", typing: "{name} is typing",
      sources: "Sources ({n})", newTab: "(opens in another tab)", latest: "Jump to the latest",
      menu: "Options", human: "Talk to a person", rate: "Rate", restart: "New conversation",
      language: "Cambiar a español", other: "ES", otherLanguage: "es",
      escalated: "We have told the team. A person will answer you right here; you can keep writing.",
      completed: "This conversation was closed. Write again and it goes on.",
      fresh: "New conversation",
      rateTitle: "How was this conversation?", stars: ["Very bad", "Bad", "Fair", "Good", "Very good"],
      comment: "Comment (optional)", rateSend: "Send rating", cancel: "Cancel",
      rateMissing: "Choose from 1 to 5 stars.", rated: "Thank you for your rating.",
      offline: "You are offline. What you write will be sent when you are back.",
      reconnecting: "The connection was lost. Reconnecting…",
      slow: "That was a lot at once. We will send it again in {n} s.",
      maintenance: "We are in maintenance. We will try again in {n} s.",
      tooLong: "The message has {n} characters and the limit is {max}. Please shorten it.",
      noKey: "The publishable key (data-key) of this chat is missing.",
      refused: "This chat is not enabled for this page. Please tell whoever runs it.",
      broken: "That did not work. Please try again in a moment.",
      attach: "Attach files", detach: "Remove {name}", download: "Download {name}", enlarge: "Show {name}",
      play: "Listen to {name}", stop: "Stop {name}", closeView: "Close the picture", files: "Chosen files",
      tooMany: "A message can have {n} files at most.",
      tooBig: "{name} is too large: a file can have {n} MB at most.",
      noFile: "{name} could not be opened.",
    },
  };

  // ----------------------------------------------------------------------------- small things

  /** The first of the wished languages that we have ("es-CO" counts as "es"), or undefined. */
  const pickLocale = (...wishes) =>
    wishes.map((wish) => String(wish || "").slice(0, 2).toLowerCase()).find((code) => code in TEXTS);

  /** A random id; `crypto.randomUUID` exists on secure pages only. */
  const newId = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };

  /** What the server can store: no NUL, no half of a surrogate pair, no blank ends. */
  const storable = (text) => {
    const clean = text.replaceAll("\u0000", "");
    return (clean.toWellFormed ? clean.toWellFormed() : clean).trim();
  };

  /** Seconds until the n-th try: growing up to half a minute, half of it by chance. */
  const backoff = (tries) => Math.min(30, 0.5 * 1.7 ** tries) * (0.5 + Math.random() / 2);

  // --------------------------------------------------- Locker: what this browser keeps of a key

  /** Token, chat and unsent messages of one publishable key; in memory where storage is blocked. */
  class Locker {
    #name;
    #memory = {};
    #blocked = false;

    constructor(key) {
      this.#name = `charla:${key}`;
    }

    get name() {
      return this.#name;
    }

    read() {
      if (!this.#blocked) {
        try {
          return JSON.parse(localStorage.getItem(this.#name) || "{}");
        } catch (error) {
          if (!(error instanceof SyntaxError)) this.#blocked = true;
        }
      }
      return this.#memory;
    }

    update(change) {
      this.#memory = { ...this.read(), ...change };
      try {
        localStorage.setItem(this.#name, JSON.stringify(this.#memory));
      } catch {
        this.#blocked = true; // private mode, a sandboxed frame, or no room: this page's life must do
      }
    }

    /** Read again before each change: another tab keeps its unsent messages here too. */
    keepUnsent(entry) {
      this.update({ unsent: [...(this.read().unsent || []).filter((kept) => kept.id !== entry.id), entry] });
    }

    dropUnsent(id) {
      const unsent = this.read().unsent || [];
      if (unsent.some((kept) => kept.id === id)) this.update({ unsent: unsent.filter((kept) => kept.id !== id) });
    }
  }

  // -------------------------------------------------------------------------------- REST calls

  /** An answer that is not a success; status 0 means that none came at all. */
  class Failure extends Error {
    constructor(status, code, detail = "", retryAfter = null) {
      super(detail || code);
      Object.assign(this, { status, code, detail, retryAfter });
    }
  }

  /**
   * One call of the REST interface; resolves to the JSON of a success, else throws a Failure.
   * Cookies stay out of it: the visitor is who the token says.
   */
  async function request(method, path, { token, locale, body } = {}) {
    const headers = { Accept: "application/json" };
    if (locale) headers["Accept-Language"] = locale;
    if (token) headers.Authorization = `Bearer ${token}`;
    const isForm = body instanceof FormData;
    if (body && !isForm) headers["Content-Type"] = "application/json";
    const stop = new AbortController();
    const deadline = setTimeout(() => stop.abort(), isForm ? 180_000 : 15_000);
    try {
      const answer = await fetch(`${BASE}/api/v1/${path}`, {
        method, headers, body: body && !isForm ? JSON.stringify(body) : body, credentials: "omit", cache: "no-store", signal: stop.signal,
      });
      const data = await answer.json().catch(() => null);
      if (answer.ok) return data;
      const { code = "error", detail = "" } = data?.errors?.[0] || {};
      const wait = parseInt(answer.headers.get("Retry-After") || "", 10);
      throw new Failure(answer.status, code, detail, Number.isFinite(wait) ? wait : null);
    } catch (error) {
      throw error instanceof Failure ? error : new Failure(0, "network");
    } finally {
      clearTimeout(deadline);
    }
  }

  /** A file of a conversation. */
  async function fetchFile(path, token) {
    const answer = await fetch(new URL(path, BASE), { headers: { Authorization: `Bearer ${token}` }, credentials: "omit", cache: "no-store" });
    if (!answer.ok) throw new Failure(answer.status, "error");
    return answer.blob();
  }

  // ------------------------------------------------------------------------- Wire: the socket

  /** What a refused ticket means for the socket: the code that it would have been closed with. */
  const CLOSE_CODES = { 401: 4401, 403: 4403, 404: 4404, 429: 4429, 503: 4503 };

  /**
   * One socket that keeps itself alive: after a loss it comes back with growing, random pauses, at
   * once when the browser is online again, and a ping without any frame after it counts as a loss
   * (a half-open connection reports none).
   */
  class Wire {
    static QUIET = 20_000; // ms without a frame before we ask
    static ANSWER = 7_000; // ms to answer

    #socket = null;
    #address;
    #onFrame;
    #onState;
    #tries = 0;
    #timers = {};
    #stopped = true;
    #dialling = null; // the try whose address is being asked for
    live = false;

    /** `address()` promises {url, protocols} for each try, or throws a Failure; `onState("live" | "down", closeCode)`. */
    constructor({ address, onFrame, onState }) {
      this.#address = address;
      this.#onFrame = onFrame;
      this.#onState = onState;
    }

    async open() {
      this.#stopped = false;
      if (this.#socket || this.#dialling) return;
      clearTimeout(this.#timers.again);
      const dialling = (this.#dialling = {});
      let address;
      let refused = 0;
      try {
        address = await this.#address();
      } catch (failure) {
        refused = CLOSE_CODES[failure.status] ?? 0;
      }
      if (this.#dialling !== dialling) return; // closed or cut meanwhile
      this.#dialling = null;
      if (address) this.#dial(address);
      else this.#lost(null, refused);
    }

    #dial({ url, protocols }) {
      let socket;
      try {
        socket = new WebSocket(url, protocols);
      } catch {
        this.#lost(null, 0); // the page's policy forbids sockets here
        return;
      }
      this.#socket = socket;
      this.#timers.answer = setTimeout(() => this.#lost(socket, 0), 12_000);
      socket.onmessage = ({ data }) => this.#heard(socket, data);
      socket.onclose = ({ code }) => this.#lost(socket, code);
    }

    #heard(socket, data) {
      if (socket !== this.#socket) return;
      let frame;
      try {
        frame = JSON.parse(data);
      } catch {
        return;
      }
      this.#listen();
      if (frame.type === "ready") {
        this.#tries = 0;
        this.live = true;
        this.#onState("live");
      }
      this.#onFrame(frame);
    }

    #listen() {
      clearTimeout(this.#timers.answer);
      clearTimeout(this.#timers.quiet);
      this.#timers.quiet = setTimeout(() => this.probe(), Wire.QUIET);
    }

    /** Asks the other side for a sign of life. */
    probe() {
      const socket = this.#socket;
      if (!this.live) return;
      clearTimeout(this.#timers.answer);
      this.#timers.answer = setTimeout(() => this.#lost(socket, 0), Wire.ANSWER);
      this.send({ type: "ping" });
    }

    #lost(socket, code) {
      if (socket !== this.#socket) return;
      this.#drop();
      this.#onState("down", code);
      if (this.#stopped || navigator.onLine === false) return;
      this.#timers.again = setTimeout(() => this.open(), 1000 * backoff(code === 4429 || code === 4503 ? this.#tries + 4 : this.#tries));
      this.#tries += 1;
    }

    #drop() {
      const socket = this.#socket;
      this.#socket = this.#dialling = null;
      this.live = false;
      Object.values(this.#timers).forEach(clearTimeout);
      if (!socket) return;
      socket.onmessage = socket.onclose = null; // closing a half-open socket takes its time
      socket.close();
    }

    /** True when the frame was handed to an open socket. */
    send(frame) {
      if (!this.live || this.#socket.readyState !== WebSocket.OPEN) return false;
      this.#socket.send(JSON.stringify(frame));
      return true;
    }

    close() {
      this.#stopped = true;
      this.#drop();
    }

    /** The network went: do not wait for the socket to notice. */
    cut() {
      if (!this.#socket && !this.#dialling) return;
      this.#drop();
      this.#onState("down", 0);
    }
  }

  // -------------------------------------------------- Conversation: everything but the looks

  /**
   * One visitor's conversation. `tell(kind, detail)` reports each change:
   * config, chat {fresh}, message {message, replyId, isNew}, unsent {entry}, gone {id},
   * reply {reply}, cancelled {id}, typing {on, name}, link {state}, notice {text key, n},
   * status, escalated, completed, loaded, back.
   */
  class Conversation {
    static ACK = 5_000; // ms for message.ack before the same message goes by REST

    config = null;
    chat = null;
    link = "idle"; // idle · connecting · live · down · offline
    messages = new Map(); // by sequence
    unsent = []; // {id, content, state: sending | queued | failed, detail}
    replies = new Map(); // by reply_id: {id, attempt, next, text}
    user = null;
    #key;
    #locale;
    #tell;
    #locker;
    #wire;
    #cursor = 0; // everything up to this sequence is here
    #asked = -1; // the cursor that we last resumed from because of a hole
    #acks = new Map();
    #timers = {};
    #opening = null;
    #flushing = false;
    #pauses = 0;
    #awaited = 0; // until when an answer is expected (ms)
    #finished = new Set();
    #fetched = new Map(); // path → promise of a file

    constructor({ key, locale, tell }) {
      this.#key = key;
      this.#locale = locale;
      this.#tell = tell;
      this.#locker = new Locker(key);
      this.#wire = new Wire({
        address: () => this.#socketAddress(),
        onFrame: (frame) => this.#frame(frame),
        onState: (state, code) => this.#wireState(state, code),
      });
    }

    // ---- beginning, going on, beginning anew

    /** Reads the configuration and goes on with the conversation that this browser remembers. */
    async start() {
      addEventListener("online", this);
      addEventListener("offline", this);
      addEventListener("storage", this);
      document.addEventListener("visibilitychange", this);
      const { chat, token, unsent = [] } = this.#locker.read();
      for (const { id, content } of unsent) this.#queue({ id, content });
      if (token && chat) this.#adopt({ chat_id: chat });
      await Promise.all([this.#configure(), token && chat ? this.#goOn() : null]);
      this.#flush();
    }

    stop() {
      removeEventListener("online", this);
      removeEventListener("offline", this);
      removeEventListener("storage", this);
      document.removeEventListener("visibilitychange", this);
      this.#wire.close();
      Object.values(this.#timers).forEach(clearTimeout);
    }

    handleEvent(event) {
      if (event.type === "online") {
        this.#setLink("connecting");
        if (!this.config) this.#configure();
        if (this.chat) this.#wire.open();
        this.#flush();
      } else if (event.type === "offline") {
        this.#setLink("offline");
        this.#wire.cut();
      } else if (event.type === "visibilitychange") {
        if (!document.hidden) this.#back();
      } else if (event.key === this.#locker.name) {
        this.#otherTab();
      }
    }

    /** The visitor looks at this page again: the socket may have died unnoticed, or wait for its next try. */
    #back() {
      if (this.#wire.live) this.#wire.probe();
      else if (this.chat) this.#wire.open();
      this.#tell("back");
    }

    /** Another tab began a conversation: this one follows it. */
    #otherTab() {
      const { chat } = this.#locker.read();
      if (!chat || this.#opening || chat === this.chat?.chat_id) return;
      this.#adopt({ chat_id: chat });
      this.#goOn();
    }

    async #configure() {
      const query = new URLSearchParams({ key: this.#key, locale: this.#locale() });
      try {
        this.config = await request("GET", `widget/config/?${query}`, { locale: this.#locale() });
        this.#tell("config", this.config);
      } catch (failure) {
        if (failure.status === 0 || failure.status >= 500 || failure.status === 429) {
          this.#later("configure", failure.retryAfter ?? backoff(this.#pauses++), () => this.#configure());
        } else {
          this.#tell("notice", { key: "refused" });
        }
      }
    }

    async #goOn() {
      try {
        await this.#catchUp();
        const chat = await request("GET", `chats/${this.chat.chat_id}/`, this.#auth());
        if (chat.chat_id === this.chat.chat_id) this.#setChat(chat);
      } catch (failure) {
        if ([401, 403, 404].includes(failure.status)) {
          this.#locker.update({ token: failure.status === 401 ? null : this.#locker.read().token, chat: null });
          this.chat = null;
          this.#tell("loaded");
          return;
        }
      }
      this.#tell("loaded");
      this.#setLink(this.#wire.live ? "live" : "connecting");
      this.#wire.open();
    }

    /** Where to dial, once: what a socket is opened with may end up in a log, so it is a ticket and never the token. */
    async #socketAddress() {
      const { chat_id } = this.chat;
      const { ticket } = await request("POST", "widget/tickets/", { ...this.#auth(), body: { chat_id } });
      return { url: `${BASE.replace(/^http/, "ws")}/ws/chats/${chat_id}/`, protocols: ["charla.v1", `bearer.${ticket}`] };
    }

    #auth() {
      return { token: this.#locker.read().token, locale: this.#locale() };
    }

    /** A chat to write into; makes the session or the chat when there is none yet. */
    #ensure() {
      if (this.chat) return Promise.resolve(this.chat);
      this.#opening ??= this.#begin().finally(() => (this.#opening = null));
      return this.#opening;
    }

    async #begin() {
      const { token } = this.#locker.read();
      const chat = token && !this.#locker.read().stale ? await this.#newChat() : await this.#newSession();
      this.#locker.update({ chat: chat.chat_id });
      this.#adopt(chat);
      this.#setLink("connecting");
      this.#wire.open();
      return chat;
    }

    async #newSession() {
      const body = { key: this.#key, locale: this.#locale() };
      if (this.user) body.user = this.user;
      const session = await request("POST", "widget/sessions/", { locale: this.#locale(), body });
      this.#locker.update({ token: session.token, expires: session.expires_at, stale: false });
      return session.chat;
    }

    async #newChat() {
      try {
        return await request("POST", "chats/", { ...this.#auth(), body: {} });
      } catch (failure) {
        if (![401, 403].includes(failure.status)) throw failure;
        return this.#newSession();
      }
    }

    #adopt(chat) {
      const moved = this.chat?.chat_id !== chat.chat_id;
      if (moved) {
        this.#wire.close();
        this.messages.clear();
        this.replies.clear();
        this.#finished.clear();
        this.#cursor = 0;
        this.#asked = -1;
        this.#tell("chat", { chat });
      }
      this.#setChat(chat);
    }

    /** A change of status while we watch is news; what we find when we come is not. */
    #setChat(chat) {
      const before = this.chat?.status;
      this.chat = { ...this.chat, ...chat };
      const { status } = this.chat;
      this.#tell("status", this.chat);
      if (before && before !== status && status === "waiting") this.#tell("escalated", this.chat);
      if (before && before !== status && status === "completed") this.#tell("completed", this.chat);
    }

    /** Leaves this chat and what it did not send; the next message begins another one. */
    restart() {
      this.#wire.close();
      this.#locker.update({ chat: null, unsent: [] });
      this.chat = null;
      this.unsent = [];
      this.messages.clear();
      this.replies.clear();
      this.#typing(false);
      this.#setLink("idle");
    }

    /** Forgets the visitor altogether. */
    reset() {
      this.#locker.update({ token: null, expires: null, identifier: null });
      this.user = null;
      this.restart();
    }

    /** Who the visitor is; another person than before gets a session of their own. */
    identify(user) {
      this.user = user;
      if (this.#locker.read().identifier === user.identifier) return;
      const had = Boolean(this.#locker.read().token);
      this.#locker.update({ identifier: user.identifier, stale: true, chat: null });
      if (had) this.restart();
    }

    // ---- sending

    /** Takes a message and sends it, however long that takes. */
    write(text, files = []) {
      const entry = this.#queue({ id: newId(), content: storable(text), files });
      this.#keep(entry);
      this.#flush();
      return entry;
    }

    /** What this browser remembers of an unsent message; files are only remembered by this page. */
    #keep(entry) {
      if (!entry.files?.length) this.#locker.keepUnsent({ id: entry.id, content: entry.content });
    }

    /** A file of this conversation by its path; asked for once as long as it is among the last fifty. */
    file(path) {
      const known = this.#fetched.get(path) ?? fetchFile(path, this.#locker.read().token);
      this.#fetched.delete(path);
      this.#fetched.set(path, known);
      known.catch(() => this.#fetched.delete(path));
      if (this.#fetched.size > 50) this.#fetched.delete(this.#fetched.keys().next().value);
      return known;
    }

    #queue(entry) {
      const known = this.unsent.find(({ id }) => id === entry.id);
      if (known) return known;
      Object.assign(entry, { state: "sending", tries: 0 });
      this.unsent.push(entry);
      this.#tell("unsent", { entry });
      return entry;
    }

    retry(id) {
      const entry = this.unsent.find((one) => one.id === id);
      if (!entry) return;
      Object.assign(entry, { tries: 0, detail: "" });
      this.#keep(entry);
      this.#mark(entry, "sending");
      this.#flush();
    }

    discard(id) {
      this.unsent = this.unsent.filter((entry) => entry.id !== id);
      this.#locker.dropUnsent(id);
      this.#tell("gone", { id });
    }

    #mark(entry, state) {
      entry.state = state;
      this.#tell("unsent", { entry });
    }

    /** Sends what waits, one after the other, so that the order of writing stays. */
    async #flush() {
      if (this.#flushing) return;
      this.#flushing = true;
      clearTimeout(this.#timers.flush);
      try {
        for (let entry; (entry = this.unsent.find(({ state }) => state !== "failed")); ) {
          if (!(await this.#deliver(entry))) break;
        }
      } finally {
        this.#flushing = false;
      }
    }

    /** True when the next message may follow (this one arrived, or never will). */
    async #deliver(entry) {
      if (navigator.onLine === false) {
        this.#mark(entry, "queued");
        return false;
      }
      this.#mark(entry, "sending");
      try {
        const chat = await this.#ensure();
        const message = await this.#transmit(entry, chat);
        this.#pauses = 0;
        this.#awaited = Date.now() + 60_000;
        this.#tell("notice", {});
        if (chat.chat_id === this.chat?.chat_id) this.#receive(message);
        return true;
      } catch (failure) {
        return this.#recover(entry, failure);
      }
    }

    /** By the socket when it is there, else (or without an acknowledgement in time) by REST. */
    async #transmit(entry, chat) {
      if (entry.files?.length) return this.#upload(entry, chat);
      const body = { client_message_id: entry.id, content: entry.content, content_type: "text" };
      if (this.#wire.send({ type: "message.send", ...body })) {
        try {
          const ack = await this.#acknowledged(entry.id);
          return this.messages.get(ack.sequence) ?? this.#ownMessage(entry, ack);
        } catch (failure) {
          if (failure.status !== 0) throw failure;
        }
      }
      return request("POST", `chats/${chat.chat_id}/messages/`, { ...this.#auth(), body });
    }

    #upload(entry, chat) {
      const form = new FormData();
      form.append("client_message_id", entry.id);
      form.append("content", entry.content);
      for (const file of entry.files) form.append("file", file, file.name);
      return request("POST", `chats/${chat.chat_id}/media/`, { ...this.#auth(), body: form });
    }

    #acknowledged(id) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Failure(0, "network")), Conversation.ACK);
        this.#acks.set(id, { resolve, reject, timer });
      }).finally(() => {
        clearTimeout(this.#acks.get(id)?.timer);
        this.#acks.delete(id);
      });
    }

    #ownMessage({ id, content }, ack) {
      return {
        id: ack.id, sequence: ack.sequence, sender: "user", content, content_type: "text",
        client_message_id: id, timestamp: new Date().toISOString(), citations: [],
      };
    }

    /** What to do about a message that was not taken; true when sending may go on at once. */
    async #recover(entry, failure) {
      const { status, code, retryAfter, detail } = failure;
      entry.tries += 1;
      if (status === 429 || status === 503) {
        this.#postpone(entry, retryAfter ?? (status === 429 ? 5 : 20), status === 429 ? "slow" : "maintenance");
        return false;
      }
      if (status === 0 || status >= 500) {
        this.#postpone(entry, backoff(this.#pauses++));
        return false;
      }
      if (entry.tries <= 3 && (status === 401 || status === 404 || (status === 409 && code !== "in_progress"))) {
        if (status === 401) this.#locker.update({ token: null });
        this.chat = null; // the next try opens another one
        return true;
      }
      entry.detail = detail;
      this.#locker.dropUnsent(entry.id);
      this.#mark(entry, "failed");
      if (status === 403) this.#tell("notice", { key: "refused" });
      return true;
    }

    #postpone(entry, seconds, notice) {
      this.#mark(entry, "queued");
      if (notice) this.#tell("notice", { key: notice, seconds });
      this.#later("flush", seconds, () => this.#flush());
    }

    #later(name, seconds, act) {
      clearTimeout(this.#timers[name]);
      this.#timers[name] = setTimeout(act, 1000 * seconds);
    }

    // ---- receiving

    #wireState(state, code) {
      if (state === "live") {
        clearTimeout(this.#timers.poll);
        this.#setLink("live");
        return;
      }
      for (const { reject } of this.#acks.values()) reject(new Failure(0, "network"));
      if (code === 4401 || code === 4404) {
        this.#wire.close();
        this.#locker.update(code === 4401 ? { token: null, chat: null } : { chat: null });
        this.chat = null;
        this.#setLink("idle");
        return;
      }
      this.#setLink(navigator.onLine === false ? "offline" : "down");
      if (code === 4503) this.#tell("notice", { key: "maintenance", seconds: 20 });
      this.#later("poll", 1, () => this.#poll());
    }

    #setLink(state) {
      if (this.link === state) return;
      this.link = state;
      this.#tell("link", { state });
      if (state === "live") this.#flush();
    }

    /** While there is no socket: ask by REST, often while an answer is due. */
    async #poll() {
      if (!this.chat || this.#wire.live || navigator.onLine === false) return;
      let pause = Date.now() < this.#awaited ? 2 : 8;
      try {
        await this.#catchUp();
        if (!this.#wire.live) this.#setLink("polling");
      } catch (failure) {
        pause = failure.retryAfter ?? pause * 2;
        if (failure.status === 503) this.#tell("notice", { key: "maintenance", seconds: pause });
        else if (failure.status === 0) this.#setLink("down");
      }
      if (this.chat && !this.#wire.live) this.#later("poll", pause, () => this.#poll());
    }

    /** Every message after the cursor, page by page. */
    async #catchUp() {
      const { chat_id: id } = this.chat;
      for (let page; !page || page.next; ) {
        const query = `after_sequence=${this.#cursor}&page_size=${PAGE}`;
        page = await request("GET", `chats/${id}/messages/?${query}`, this.#auth());
        if (this.chat?.chat_id !== id || !page.results.length) return;
        page.results.forEach((message) => this.#receive(message));
        this.#cursor = Math.max(this.#cursor, ...page.results.map(({ sequence }) => sequence));
      }
    }

    #frame(frame) {
      switch (frame.type) {
        case "ready":
          this.#wire.send({ type: "resume", after_sequence: this.#cursor });
          break;
        case "resumed":
          this.#resumed(frame.last_sequence);
          break;
        case "message.created":
        case "message.updated":
          this.#receive(frame.message, frame.reply_id ?? frame.message.reply_id);
          this.#checkForHole();
          break;
        case "message.delta":
          this.#delta(frame);
          break;
        case "message.ack":
          this.#acks.get(frame.client_message_id)?.resolve(frame);
          break;
        case "error":
          this.#refused(frame);
          break;
        case "reply.cancelled":
          this.replies.delete(frame.reply_id);
          this.#finished.add(frame.reply_id);
          this.#tell("cancelled", { id: frame.reply_id });
          this.#typing(false);
          break;
        case "typing":
          if (frame.sender !== "user") this.#typing(frame.is_typing, frame.sender);
          break;
        case "chat.updated":
          this.#setChat(frame.chat);
          break;
        case "chat.escalated":
          this.#setChat({ status: "waiting" });
          this.#typing(false);
          break;
      }
    }

    /** Pages of the server may end before the last message: ask on as long as that brings more. */
    #resumed(last) {
      const highest = Math.max(0, ...this.messages.keys());
      const more = last > highest && highest > this.#cursor;
      this.#cursor = Math.max(this.#cursor, Math.min(last, highest));
      if (more) this.#wire.send({ type: "resume", after_sequence: this.#cursor });
    }

    /** A sequence was skipped: give the missing frame a moment, then ask for it once. */
    #checkForHole() {
      if (this.messages.has(this.#cursor + 1)) return;
      if (Math.max(0, ...this.messages.keys()) <= this.#cursor || this.#asked === this.#cursor) return;
      this.#later("hole", 0.7, () => {
        if (this.messages.has(this.#cursor + 1)) return;
        this.#asked = this.#cursor;
        this.#wire.send({ type: "resume", after_sequence: this.#cursor });
      });
    }

    #receive(message, replyId) {
      const isNew = !this.messages.has(message.sequence);
      this.messages.set(message.sequence, message);
      while (this.messages.has(this.#cursor + 1)) this.#cursor += 1;
      const clientId = message.client_message_id;
      if (clientId) {
        this.unsent = this.unsent.filter(({ id }) => id !== clientId);
        this.#locker.dropUnsent(clientId);
        this.#acks.get(clientId)?.resolve({ id: message.id, sequence: message.sequence });
      }
      const streamed = replyId ?? this.#streamOf(message);
      if (streamed) {
        this.replies.delete(streamed);
        this.#finished.add(streamed);
      }
      if (message.sender !== "user") {
        this.#awaited = 0;
        this.#typing(false);
      }
      this.#tell("message", { message, replyId: streamed, isNew });
    }

    /** History names no reply_id: the stream that answers the same message is meant. */
    #streamOf(message) {
      if (message.sender !== "agent") return undefined;
      return [...this.replies.values()].find(({ to }) => to && to === message.in_response_to)?.id;
    }

    /** A part of an answer being written; what is doubled, late or after a gap changes nothing. */
    #delta({ reply_id: id, attempt = 1, in_response_to: to, index, text }) {
      if (this.#finished.has(id)) return;
      let reply = this.replies.get(id);
      if (!reply || attempt > reply.attempt) {
        reply = { id, attempt, to, next: 0, text: "" };
        this.replies.set(id, reply);
      }
      if (attempt < reply.attempt || index !== reply.next) return;
      reply.next += 1;
      reply.text += text;
      this.#tell("reply", { reply });
    }

    #refused({ code, detail, client_message_id: id, retry_after: wait = null }) {
      const status = { rate_limited: 429, maintenance: 503, chat_closed: 409, not_found: 404, token_expired: 401,
        authentication_failed: 401, permission_denied: 403 }[code] ?? 400;
      const failure = new Failure(status, code, detail, wait);
      if (id && this.#acks.has(id)) this.#acks.get(id).reject(failure);
    }

    #typing(on, sender) {
      clearTimeout(this.#timers.typing);
      if (on) this.#later("typing", 30, () => this.#typing(false));
      this.#tell("typing", { on, sender });
    }

    // ---- what else a visitor can do

    /** Asks for a human. */
    async escalate() {
      const chat = await this.#ensure();
      this.#setChat(await request("POST", `chats/${chat.chat_id}/escalate/`, { ...this.#auth(), body: {} }));
    }

    rate(rating, comment) {
      return request("POST", `chats/${this.chat.chat_id}/rating/`, { ...this.#auth(), body: { rating, comment } });
    }

    /** Tells the other side, at most every three seconds, that the visitor is writing. */
    writing() {
      if (this.#timers.writing) return;
      this.#wire.send({ type: "typing", is_typing: true });
      this.#timers.writing = setTimeout(() => {
        this.#timers.writing = 0;
        this.#wire.send({ type: "typing", is_typing: false });
      }, 3_000);
    }

    seen() {
      const last = Math.max(0, ...this.messages.keys());
      if (last) this.#wire.send({ type: "read", sequence: last });
    }

    /** The language that the visitor chose here, as long as the page asks for the same one as then. */
    chosenLocale(asked) {
      const { locale, over } = this.#locker.read();
      return over === asked ? locale : undefined;
    }

    chooseLocale(locale, asked) {
      this.#locker.update({ locale, over: asked });
    }
  }

  // ------------------------------------------------------------- text to nodes, never to HTML

  /** An element with attributes, listeners (`onclick`) and children; text stays text. */
  function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  }

  const ICONS = {
    chat: "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.500v8a2.5 2.5 0 0 1-2.5 2.500H11l-5 4.500V16a2.2 2.2 0 0 1-2-2.500z M8 8.200h8 M8 11.500h5",
    close: "M6 6l12 12M18 6L6 18", down: "M6 9.500l6 6 6-6", send: "M12 19.500V5M5.5 11.500L12 5l6.5 6.5",
    more: "M5 12h.01M12 12h.01M19 12h.01", person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M4.5 20.500c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
    star: "M12 3.600l2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.8-5.2 2.8 1-5.800L3.6 9.700l5.8-.8z", fresh: "M12 5v14M5 12h14",
    clip: "M20 11.500l-8.200 8.200a5 5 0 0 1-7.100-7.100l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700l-8.500 8.500a1.700 1.700 0 0 1-2.400-2.400l7.800-7.800",
    file: "M6 3.500h8.500L19 8v12.500H6z M14 3.500V8.500h5", play: "M8 5.500v13l10.500-6.500z", stop: "M7 7h10v10H7z",
    keep: "M12 4v11.500M7 11l5 5 5-5M5 20h14",
    check: "M5 12.500l4.5 4.500L19 7.5", source: "M6 3.500h8.500L19 8v12.500H6z M14 3.500V8.500h5 M9 13h6 M9 16.500h6",
  };

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  /** The address when it is one that may be linked (http or https), else null. */
  function webAddress(text) {
    try {
      const url = new URL(text);
      return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
    } catch {
      return null;
    }
  }

  function link(address, label, newTab) {
    return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, label,
      h("span", { class: "sr" }, ` ${newTab}`));
  }

  const TAGS = new Set(["p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "a", "table",
    "thead", "tbody", "tr", "th", "td"]);
  const LINKED = new Set(["https:", "http:", "mailto:", "tel:"]);

  /**
   * Elements of a tree that the server made of Markdown (api.md, "blocks"): text, or [tag, attributes, ...children].
   * The server lets nothing else into a tree than what is let through here again.
   */
  function fromTree(node, newTab) {
    if (!Array.isArray(node)) return [String(node)];
    const [tag, attributes, ...nodes] = node;
    const children = nodes.flatMap((child) => fromTree(child, newTab));
    if (!TAGS.has(tag)) return children;
    if (tag === "a") {
      const address = linkAddress(attributes?.href);
      return address ? [link(address, children, newTab)] : children;
    }
    const element = h(tag, { start: tag === "ol" && Number.isInteger(attributes?.start) ? attributes.start : null,
      tabindex: tag === "pre" ? 0 : null }, children);
    return [tag === "table" ? h("div", { class: "table", tabindex: 0 }, element) : element];
  }

  /** The address when it is one that a message may link, else null. */
  function linkAddress(text) {
    try {
      const url = new URL(text);
      return LINKED.has(url.protocol) ? url.href : null;
    } catch {
      return null;
    }
  }

  /** A reply while it is written: its words, without the marks that will become bold letters and titles. */
  const unmarked = (text) => text.replace(/\*\*|`+|^#{1,6} /gm, "");

  // ------------------------------------------------------------------------------ files

  /** Draws a picture: on a canvas, because the page's policy may allow no image of another host, and no blob. */
  async function paint(canvas, blob) {
    const picture = await createImageBitmap(blob);
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
  }

  /** Lets the visitor keep a file; never opens it here, where it would be the page's own. */
  function keep(blob, name) {
    const address = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
    h("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  /** Plays a sound without an audio element, which the page's policy may not allow; gives what stops it. */
  async function play(blob, ended) {
    const context = new AudioContext();
    try {
      const source = context.createBufferSource();
      source.buffer = await context.decodeAudioData(await blob.arrayBuffer());
      source.connect(context.destination);
      source.onended = () => {
        context.close();
        ended();
      };
      source.start();
      return () => source.stop();
    } catch (error) {
      context.close();
      throw error;
    }
  }

  const megabytes = (bytes, locale) => (bytes < 100_000 ? `${Math.ceil(bytes / 1000).toLocaleString(locale)} kB`
    : `${(bytes / 1_000_000).toLocaleString(locale, { maximumFractionDigits: 1 })} MB`);

  // ------------------------------------------------------------------------------ style sheet

  const STYLE = `
:host { all: initial; color-scheme: light dark; --accent: #0f766e; --on-accent: #fff; --accent-day: #0f766e;
  --accent-night: #5eead4; --surface: light-dark(#fff, #14191b); --raised: light-dark(#f0f4f3, #222a2d);
  --ink: light-dark(#16211f, #e9efed); --muted: light-dark(#52605c, #a6b4b0); --line: light-dark(#dbe3e0, #323c3f);
  --edge: light-dark(#7b8985, #75837f); --link: light-dark(var(--accent-day), var(--accent-night));
  --danger: light-dark(#b3261e, #ffb0a6); --alert: light-dark(#fdf3d7, #3a3115); --on-alert: light-dark(#4d3b00, #f6e3ab);
  --shadow: 0 18px 50px light-dark(rgb(12 32 28 / .24), rgb(0 0 0 / .6)), 0 2px 8px light-dark(rgb(12 32 28 / .12), rgb(0 0 0 / .4));
  display: block; font-family: -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif;
  font-size: medium; line-height: 1.5; color: var(--ink); -webkit-text-size-adjust: 100%; }
:host([data-theme="light"]) { color-scheme: light; }
:host([data-theme="dark"]) { color-scheme: dark; }
:host([hidden]) { display: none; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
button, textarea, input { font: inherit; color: inherit; letter-spacing: inherit; }
button { cursor: pointer; border: 0; background: none; padding: 0; -webkit-tap-highlight-color: transparent; touch-action: manipulation; }
:focus { outline: none; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
svg { width: 1.35em; height: 1.35em; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; flex: none; display: block; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher { position: fixed; z-index: 2147483000; inset-block-end: calc(20px + env(safe-area-inset-bottom)); inset-inline-end: calc(20px + env(safe-area-inset-right));
  width: 60px; height: 60px; border-radius: 50%; display: grid; place-items: center; background: var(--accent); color: var(--on-accent); box-shadow: var(--shadow); transition: transform .18s; }
.launcher:hover { transform: translateY(-2px) scale(1.03); }
.launcher svg { width: 28px; height: 28px; }
.launcher:focus-visible { outline-color: var(--on-accent); box-shadow: 0 0 0 6px var(--accent), var(--shadow); outline-offset: 0; }
.badge { position: absolute; inset-block-start: -3px; inset-inline-end: -3px; min-width: 23px; height: 23px; padding: 0 6px; border-radius: 12px; background: #b3261e; color: #fff; font-size: .8em; font-weight: 700; line-height: 23px; text-align: center; }

.panel { margin: 0; padding: 0; border: 0; color: var(--ink); background: var(--surface); display: flex; flex-direction: column; overflow: hidden; position: relative; max-width: none; max-height: none; }
dialog.panel { position: fixed; z-index: 2147483000; inset: auto calc(20px + env(safe-area-inset-right)) calc(92px + env(safe-area-inset-bottom)) auto; width: 392px; height: min(660px, calc(100dvh - 116px)); border-radius: 20px; box-shadow: var(--shadow); animation: rise .22s ease-out; }
dialog.panel:not([open]) { display: none; }
dialog.panel::backdrop { background: none; }
:host([data-position="left"]) .launcher { inset-inline: calc(20px + env(safe-area-inset-left)) auto; }
:host([data-position="left"]) dialog.panel { inset-inline: calc(20px + env(safe-area-inset-left)) auto; }
:host([data-inline]) .panel { height: 100%; min-height: 420px; border-radius: inherit; border: 1px solid var(--line); }
:host([data-inline]) { height: 600px; border-radius: 20px; }
dialog.panel.full { inset: var(--top, 0px) 0 auto 0; width: 100%; height: var(--height, 100dvh); border-radius: 0; }
.full .head { padding-block-start: calc(10px + env(safe-area-inset-top)); }
.full .compose { padding-block-end: calc(12px + env(safe-area-inset-bottom)); }
@keyframes rise { from { opacity: 0; transform: translateY(14px); } }

.head { display: flex; align-items: center; gap: 4px; padding: 10px 8px 10px 16px; background: var(--accent); color: var(--on-accent); flex: none; }
.head .mark { width: 40px; height: 40px; margin-inline-end: 8px; border-radius: 13px; display: grid; place-items: center; border: 1.5px solid; flex: none; }
.names { flex: 1; min-width: 0; }
.names h2 { margin: 0; font-size: 1.06em; line-height: 1.25; font-weight: 650; }
.names p { margin: 1px 0 0; font-size: .82em; line-height: 1.3; }
.names h2, .names p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.head button { min-width: 44px; height: 44px; border-radius: 12px; display: grid; place-items: center; font-size: .88em; font-weight: 700; }
.head button:hover { background: color-mix(in srgb, currentColor 16%, transparent); }
.head button svg { width: 22px; height: 22px; }
.head :focus-visible { outline-color: currentColor; outline-offset: -3px; }

.notice { flex: none; padding: 8px 16px; background: var(--alert); color: var(--on-alert); font-size: .88em; }
.body { flex: 1; min-height: 0; position: relative; display: flex; }
.scroll { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px 14px 8px; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.scroll:focus-visible { outline-offset: -3px; }
.latest { position: absolute; inset-block-end: 10px; inset-inline: 0; margin-inline: auto; width: max-content; min-height: 44px; padding: 4px 16px 4px 12px; border-radius: 22px; display: flex; gap: 6px; align-items: center; font-size: .86em; background: var(--surface); color: var(--link); border: 1px solid var(--line); box-shadow: 0 4px 14px rgb(0 0 0 / .18); }
ol, ul { margin: 0; padding: 0; }
.log { list-style: none; display: flex; flex-direction: column; gap: 4px; }
.item { display: flex; flex-direction: column; align-items: flex-start; max-width: 88%; position: relative; padding-inline-start: 38px; contain: layout style; }
.item.mine { align-self: flex-end; align-items: flex-end; padding-inline-start: 0; }
.item + .item.mine, .item.mine + .item:not(.mine) { margin-block-start: 10px; }
.avatar { position: absolute; inset-inline-start: 0; inset-block-start: 2px; width: 28px; height: 28px; border-radius: 10px; display: grid; place-items: center; background: var(--raised); color: var(--link); font-size: .8em; font-weight: 700; }
.avatar svg { width: 17px; height: 17px; }
.item:not(.mine) + .item:not(.mine) .avatar { display: none; }
.item.staff .avatar { background: var(--accent); color: var(--on-accent); }
.who { font-size: .78em; color: var(--muted); margin: 0 4px 2px; }
.bubble { padding: 9px 14px; border-radius: 6px 18px 18px 18px; background: var(--raised); overflow-wrap: anywhere; max-width: 100%; overflow: clip; unicode-bidi: isolate; }
.mine .bubble { background: var(--accent); color: var(--on-accent); border-radius: 18px 18px 6px 18px; white-space: pre-wrap; }
.plain { white-space: pre-wrap; }
.bubble :is(p, ul, ol, pre, blockquote, hr) { margin: 0; }
.bubble > * + :is(p, ul, ol, pre, blockquote, hr, .table), .bubble :is(li, blockquote) > * + :is(p, pre, blockquote, .table) { margin-block-start: .6em; }
.bubble blockquote { border-inline-start: 3px solid var(--line); padding-inline-start: .7em; color: var(--muted); }
.bubble hr { border: 0; border-block-start: 1px solid var(--line); }
.bubble ol { list-style: decimal; }
.table { overflow-x: auto; }
.table table { border-collapse: collapse; font-size: .92em; }
.table :is(th, td) { border: 1px solid var(--line); padding: .25em .6em; text-align: start; }
.bubble ul { list-style: disc; }
.bubble ul, .bubble ol { padding-inline-start: 1.3em; }
.bubble li + li { margin-block-start: .2em; }
.bubble li:has(> .chip) { list-style: none; margin-inline-start: -1.3em; }
.bubble a, .sources a { color: var(--link); text-underline-offset: 2px; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; background: color-mix(in srgb, var(--ink) 9%, transparent); padding: .1em .32em; border-radius: 5px; }
pre { overflow-x: auto; white-space: pre; }
pre code { display: block; padding: 8px 10px; border-radius: 8px; }
.files { display: flex; flex-wrap: wrap; gap: 6px; margin-block-end: 4px; max-width: 100%; }
.mine .files { justify-content: flex-end; }
.picture { display: block; width: fit-content; border-radius: 14px; overflow: hidden; max-width: 100%; border: 1px solid var(--line); background: var(--raised); }
button.picture { cursor: zoom-in; }
.picture canvas { display: block; max-width: min(260px, 60vw); max-height: 240px; width: auto; height: auto; }
.chip.file { max-width: 100%; font-size: .9em; padding: 6px 14px 6px 10px; border-radius: 14px; }
.chip.file span { overflow-wrap: anywhere; min-width: 0; }
.chip.file small { color: var(--muted); white-space: nowrap; }
.sound { display: flex; gap: 6px; align-items: center; max-width: 100%; }
.chip.round { width: 44px; padding: 0; justify-content: center; flex: none; }
.view { border: 0; padding: 0; margin: auto; background: none; max-width: 94vw; max-height: 94dvh; overflow: visible; color: #fff; }
.view::backdrop { background: rgb(0 0 0 / .82); }
.view canvas { display: block; max-width: 94vw; max-height: calc(94dvh - 60px); width: auto; height: auto; border-radius: 8px; }
.view .tools { display: flex; justify-content: center; gap: 12px; padding-block-start: 12px; }
.view button { width: 44px; height: 44px; border-radius: 50%; display: grid; place-items: center; background: rgb(255 255 255 / .16); }
.view :focus-visible { outline-color: #fff; }
.tray { list-style: none; display: flex; flex-wrap: wrap; gap: 6px; padding-block-end: 8px; max-height: 132px; overflow-y: auto; }
.tray .chip button { min-width: 32px; min-height: 32px; margin-inline-end: -8px; display: grid; place-items: center; }
.tray .chip button svg { width: 16px; height: 16px; }
.streaming .bubble > p:last-child::after, .streaming .bubble > :is(ul, ol):last-child > :last-child::after { content: ""; display: inline-block; width: .5em; height: 1em; margin-inline-start: 3px; border-radius: 2px; vertical-align: -.14em; background: var(--link); animation: blink 1s steps(2) infinite; }
.meta { display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: center; margin: 2px 4px 0; font-size: .76em; color: var(--muted); }
.meta svg { width: 14px; height: 14px; }
.meta.bad { color: var(--danger); }
.meta button { min-height: 44px; padding: 0 6px; text-decoration: underline; font-weight: 650; }
.failed .bubble { outline: 2px dashed var(--danger); outline-offset: 2px; }
.divider, .news { align-self: center; max-width: 92%; margin: 10px 0; font-size: .84em; color: var(--muted); text-align: center; }
.news { padding: 8px 14px; border-radius: 12px; background: var(--raised); color: var(--ink); }
.dots { display: flex; gap: 5px; height: 1.5em; align-items: center; }
.dots i { width: 8px; height: 8px; border-radius: 50%; background: var(--muted); animation: hop 1.2s infinite; }
.dots i:nth-child(2) { animation-delay: .15s; }
.dots i:nth-child(3) { animation-delay: .3s; }
@keyframes hop { 30% { transform: translateY(-5px); } 60% { transform: none; } }
@keyframes blink { to { opacity: 0; } }

.sources { margin: 4px 0 0; font-size: .86em; max-width: 100%; }
.sources summary { display: inline-flex; align-items: center; gap: 6px; min-height: 44px; padding: 3px 14px 3px 11px; border: 1px solid var(--line); border-radius: 22px; color: var(--muted); cursor: pointer; list-style: none; }
.sources summary::-webkit-details-marker { display: none; }
.sources summary:hover, .chip:hover { border-color: var(--edge); color: var(--ink); }
.sources summary svg { width: 15px; height: 15px; }
.sources ol { list-style: none; margin-block-start: 6px; display: grid; gap: 6px; }
.sources li { border: 1px solid var(--line); border-inline-start: 3px solid var(--link); border-radius: 10px; padding: 8px 12px; overflow-wrap: anywhere; }
.sources cite { font-style: normal; font-weight: 650; display: block; }
.sources q { display: block; quotes: none; color: var(--muted); margin-block-start: 2px; white-space: pre-line; }
.sources small { color: var(--muted); font-size: .9em; }

.welcome { display: grid; gap: 10px; padding-block: 4px 12px; }
.welcome p { margin: 0; }
.welcome h3 { margin: 8px 0 0 38px; font-size: .82em; font-weight: 600; color: var(--muted); }
.suggestions { list-style: none; display: grid; gap: 8px; justify-items: start; padding-inline-start: 38px; }
.chip { min-height: 44px; padding: 8px 16px; border: 1px solid var(--edge); border-radius: 22px; text-align: start; line-height: 1.3; color: var(--link); background: var(--surface); display: inline-flex; gap: 8px; align-items: center; }
.chip:hover { background: var(--raised); }

.actions { flex: none; display: flex; gap: 8px; padding: 8px 14px 0; }
.actions .chip { color: var(--muted); border-color: var(--line); font-size: .86em; padding: 4px 14px 4px 10px; min-height: 44px; }
.actions svg { width: 18px; height: 18px; }
.compose { flex: none; padding: 8px 12px 12px; }
.field { display: flex; align-items: flex-end; border: 1px solid var(--edge); border-radius: 24px; background: var(--surface); padding: 1px; }
.field:focus-within { border-color: var(--link); box-shadow: 0 0 0 2px var(--link); }
.field textarea { flex: 1; min-width: 0; resize: none; border: 0; background: none; padding: 11px 4px; min-height: 46px; max-height: 150px; line-height: 1.45; font-size: max(1em, 16px); field-sizing: content; overflow-y: auto; scrollbar-width: thin; }
.field textarea:focus-visible { outline: none; }
textarea::placeholder { color: var(--muted); opacity: 1; }
.field button { width: 44px; height: 44px; margin: 1px; border-radius: 50%; display: grid; place-items: center; background: var(--accent); color: var(--on-accent); flex: none; }
.field button.attach { background: none; color: var(--muted); }
.field button.attach:hover { color: var(--link); }
.field button[aria-disabled="true"] { background: var(--raised); color: var(--muted); cursor: default; }
.error { margin: 6px 8px 0; font-size: .86em; color: var(--danger); }

.rating { flex: none; border-block-start: 1px solid var(--line); padding: 12px 16px 4px; display: grid; gap: 8px; max-height: 70%; overflow-y: auto; }
.rating fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.rating legend { padding: 0; font-weight: 650; }
.stars { display: flex; align-items: center; }
.stars label { width: 44px; height: 44px; display: grid; place-items: center; cursor: pointer; color: var(--edge); border-radius: 12px; position: relative; }
.stars input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; }
.stars svg { width: 28px; height: 28px; pointer-events: none; }
.stars label:has(:checked), .stars label:has(~ label :checked), .stars:hover label:hover, .stars:hover label:has(~ label:hover) { color: var(--link); }
.stars label:has(:checked) svg, .stars label:has(~ label :checked) svg { fill: currentColor; }
.stars label:has(:focus-visible) { outline: 3px solid var(--link); outline-offset: -2px; }
.stars output { margin-inline-start: 8px; font-size: .88em; color: var(--muted); }
.rating textarea { width: 100%; min-height: 64px; border: 1px solid var(--edge); border-radius: 12px; padding: 8px 12px; background: var(--surface); resize: vertical; font-size: max(1em, 16px); }
.buttons { display: flex; gap: 8px; justify-content: flex-end; }
.buttons button { min-height: 44px; padding: 0 18px; border-radius: 22px; font-weight: 650; }
.buttons .main { background: var(--accent); color: var(--on-accent); }

@media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; scroll-behavior: auto !important; } }
@media (forced-colors: active) { .bubble, .launcher, .head, .chip, .field button { border: 1px solid; } .dots i { background: CanvasText; } }
@media print { :host(:not([data-inline])) { display: none; } }
`;

  const SHEET = new CSSStyleSheet();
  SHEET.replaceSync(STYLE);

  // ----------------------------------------------------- colours that stay readable, whatever is asked

  /** Relative luminance of WCAG 2 for [r, g, b] of 0–255. */
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const WHITE = [255, 255, 255];
  const INK = [10, 20, 18];

  /** Moves a colour towards white or ink until it can be read (4.5:1) on the ground. */
  const readable = (rgb, ground) => {
    const towards = luminance(ground) > 0.4 ? INK : WHITE;
    let mixed = rgb;
    for (let share = 0; contrast(mixed, ground) < 4.6 && share <= 1; share += 0.05) {
      mixed = rgb.map((value, channel) => Math.round(value + (towards[channel] - value) * share));
    }
    return mixed;
  };

  /** A style sheet with the accent colour and what goes with it, or null for no colour at all. */
  function accentSheet(colour) {
    const probe = h("span", { hidden: true });
    probe.style.color = colour;
    if (!probe.style.color) return null;
    document.documentElement.append(probe);
    const rgb = getComputedStyle(probe).color.match(/^rgba?\((\d+), (\d+), (\d+)/)?.slice(1).map(Number);
    probe.remove();
    if (!rgb) return null;
    const css = (values) => `rgb(${values.join(" ")})`;
    const onAccent = contrast(rgb, WHITE) >= 4.5 ? WHITE : contrast(rgb, INK) >= 4.5 ? INK : contrast(rgb, WHITE) > contrast(rgb, INK) ? WHITE : [0, 0, 0];
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`:host { --accent: ${css(rgb)}; --on-accent: ${css(onAccent)};
      --accent-day: ${css(readable(rgb, [240, 244, 243]))}; --accent-night: ${css(readable(rgb, [34, 42, 45]))}; }`);
    return sheet;
  }

  // ------------------------------------------------------------------- CharlaWidget: the looks

  const PHONE = matchMedia("(max-width: 520px), (max-height: 440px)");
  const MARK = "chat";

  class CharlaWidget extends HTMLElement {
    #talk = null;
    #ui = {};
    #items = new Map(); // key → {li, draw}; li.order is the place
    #epoch = 0; // one per chat shown in this log
    #config = null;
    #locale = "en";
    #identity = undefined; // setUser before the conversation began
    #loaded = false;
    #rated = null; // the id of the chat that was rated here
    #asking = false; // the rating was opened by the end of the conversation
    #unread = 0;
    #unsentOrder = 0;
    #chosen = []; // files that go with the next message
    #sticky = true;
    #dirty = new Set();
    #returnTo = null;
    #countdown = 0;

    // ---- life

    connectedCallback() {
      if (this.shadowRoot) return this.#talk?.start();
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [SHEET];
      this.#locale = this.#pageLocale();
      this.#frame();
      if (!this.dataset.key) {
        this.#notice({ key: "noKey" });
        return undefined;
      }
      this.#talk = new Conversation({
        key: this.dataset.key, locale: () => this.#locale, tell: (kind, detail) => this.#told(kind, detail ?? {}),
      });
      const chosen = this.#talk.chosenLocale(this.#pageLocale());
      if (chosen) this.#setLocale(chosen);
      if (this.#identity) this.#talk.identify(this.#identity);
      return this.#talk.start();
    }

    disconnectedCallback() {
      this.#talk?.stop();
    }

    get inline() {
      return this.hasAttribute("data-inline");
    }

    #pageLocale() {
      return pickLocale(this.dataset.locale, document.documentElement.lang, ...navigator.languages) ?? "en";
    }

    #t(key, values = {}) {
      return TEXTS[this.#locale][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
    }

    get #title() {
      return this.dataset.title || this.#config?.title || this.#config?.tenant?.display_name || this.#t("title");
    }

    get #agentName() {
      return this.#config?.agent?.name || this.#t("assistant");
    }

    // ---- the frame around the conversation

    #frame() {
      const ui = this.#ui;
      ui.log = h("ol", { class: "log" });
      ui.text = h("textarea", { id: "text", rows: 1, autocomplete: "off", enterkeyhint: "send", "aria-describedby": "error",
        onkeydown: (event) => this.#key(event), oninput: () => this.#typed(), onpaste: (event) => this.#pasted(event) });
      ui.picker = h("input", { type: "file", multiple: true, hidden: true, accept: ACCEPTED, onchange: () => {
        this.#choose(ui.picker.files);
        ui.picker.value = "";
      } });
      this.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
      this.addEventListener("drop", (event) => this.#dropped(event));
      if (this.inline) {
        ui.panel = h("section", { class: "panel", "aria-labelledby": "title" });
        this.shadowRoot.append(ui.panel);
      } else {
        ui.badge = h("span", { class: "badge", hidden: true });
        ui.launcher = h("button", { class: "launcher", part: "launcher", type: "button", "aria-haspopup": "dialog", onclick: () => this.toggle() });
        ui.panel = h("dialog", { class: "panel", part: "panel", "aria-labelledby": "title", tabindex: -1,
          onkeydown: (event) => this.#escape(event), oncancel: (event) => { event.preventDefault(); this.close(); } });
        this.shadowRoot.append(ui.panel, ui.launcher);
        visualViewport?.addEventListener("resize", () => this.#fit());
        visualViewport?.addEventListener("scroll", () => this.#fit());
      }
      this.#fill();
    }

    /** Everything with words in it; again at each change of language. */
    #fill() {
      const ui = this.#ui;
      const t = (key) => this.#t(key);
      this.lang = this.#locale;
      ui.title = h("h2", { id: "title", dir: "auto" });
      ui.subtitle = h("p");
      ui.notice = h("div", { class: "notice", hidden: true });
      ui.status = h("div", { class: "sr", role: "status" });
      ui.welcome = h("div", { class: "welcome" });
      ui.scroll = h("div", { class: "scroll", role: "log", "aria-live": "polite", "aria-label": t("log"), tabindex: 0, onscroll: () => this.#scrolled() },
        ui.welcome, ui.log);
      ui.latest = h("button", { class: "latest", type: "button", hidden: true, onclick: () => this.#toEnd() }, icon("down"), t("latest"));
      ui.human = h("button", { class: "chip", type: "button", onclick: () => this.#askHuman() }, icon("person"), t("human"));
      ui.rate = h("button", { class: "chip", type: "button", "aria-expanded": "false", onclick: () => this.#openRating() }, icon("star"), t("rate"));
      ui.rating = h("form", { class: "rating", hidden: true, novalidate: true });
      ui.send = h("button", { type: "submit", "aria-label": t("send"), "aria-disabled": "true" }, icon("send"));
      ui.error = h("p", { class: "error", id: "error", role: "alert", hidden: true });
      ui.attach = h("button", { class: "attach", type: "button", "aria-label": t("attach"), title: t("attach"), onclick: () => ui.picker.click() }, icon("clip"));
      ui.tray = h("ul", { class: "tray", "aria-label": t("files"), hidden: true });
      ui.text.placeholder = t("placeholder");
      ui.panel.replaceChildren(
        h("div", { class: "head" },
          h("span", { class: "mark" }, icon(MARK)), h("div", { class: "names" }, ui.title, ui.subtitle),
          h("button", { type: "button", "aria-label": t("language"), title: t("language"), lang: t("otherLanguage"), onclick: () => this.#switchLanguage() }, t("other")),
          h("button", { type: "button", "aria-label": t("restart"), title: t("restart"), onclick: () => this.#restart() }, icon("fresh")),
          !this.inline && h("button", { type: "button", "aria-label": t("close"), title: t("close"), onclick: () => this.close() }, icon("close"))),
        ui.notice, ui.status, h("div", { class: "body" }, ui.scroll, ui.latest), ui.rating,
        h("div", { class: "actions" }, ui.human, ui.rate),
        h("form", { class: "compose", onsubmit: (event) => { event.preventDefault(); this.#submit(); } },
          h("label", { class: "sr", for: "text" }, t("field")), ui.tray, ui.picker,
          h("div", { class: "field" }, ui.attach, ui.text, ui.send), ui.error));
      this.#drawChosen();
      ui.resize?.disconnect();
      ui.resize = new ResizeObserver(() => this.#sticky && this.#toEnd());
      ui.resize.observe(ui.scroll);
      this.#head();
      this.#welcome();
      this.#launcher();
      this.#typed();
      for (const item of this.#items.values()) item.draw();
      this.#linkNotice();
    }

    #head() {
      const { title, subtitle, human } = this.#ui;
      const status = this.#talk?.chat?.status;
      title.textContent = this.#title;
      const staff = this.#staffName();
      subtitle.textContent = staff ? this.#t("withPerson", { name: staff })
        : status === "waiting" ? this.#t("waiting") : [this.#config?.agent?.name, this.#t("subtitle")].filter(Boolean).join(" · ");
      human.hidden = Boolean(staff) || status === "waiting";
      this.#ui.rate.hidden = ![...(this.#talk?.messages.values() ?? [])].some(({ sender }) => sender !== "user");
    }

    #staffName() {
      const last = [...(this.#talk?.messages.values() ?? [])].findLast(({ sender }) => sender === "agent" || sender === "staff");
      return last?.sender === "staff" ? last.author?.name || this.#t("person") : null;
    }

    #launcher() {
      const { launcher, badge, panel } = this.#ui;
      if (!launcher) return;
      badge.textContent = this.#unread > 9 ? "9+" : this.#unread;
      badge.hidden = !this.#unread || panel.open;
      const label = panel.open ? this.#t("close") : this.#t("open");
      launcher.setAttribute("aria-label", badge.hidden ? label : `${label} · ${this.#t("unread", { n: this.#unread })}`);
      launcher.setAttribute("aria-expanded", String(panel.open));
      launcher.replaceChildren(icon(panel.open ? "down" : MARK), badge);
    }

    #welcome() {
      const { welcome } = this.#ui;
      const empty = !this.#items.size && (this.#loaded || !this.#talk?.chat);
      welcome.hidden = !empty;
      if (!empty) return;
      const greeting = this.#config?.locale === this.#locale && this.#config.agent?.greeting;
      const suggestions = this.#suggestions();
      welcome.replaceChildren(h("div", { class: "item" }, this.#avatar("agent"),
        h("div", { class: "bubble", dir: "auto" }, h("p", {}, greeting || this.#t("greeting")))));
      if (!suggestions.length) return;
      const chip = (text) => h("li", {}, h("button", { class: "chip", type: "button", onclick: () => this.#say(text) }, text));
      welcome.append(h("h3", {}, this.#t("suggestions")), h("ul", { class: "suggestions" }, suggestions.map(chip)));
    }

    /** `data-suggestions-es="One?|Two?"`, else what the server's configuration has for the language. */
    #suggestions() {
      const own = this.getAttribute(`data-suggestions-${this.#locale}`) ?? this.getAttribute("data-suggestions");
      if (own) return own.split("|").map((text) => text.trim()).filter(Boolean);
      const given = this.#config?.suggestions;
      return (Array.isArray(given) ? given : given?.[this.#locale]) ?? [];
    }

    // ---- what the conversation tells

    #told(kind, detail) {
      switch (kind) {
        case "config":
          this.#configured(detail);
          break;
        case "chat":
          this.#newEpoch();
          break;
        case "loaded":
          this.#loaded = true;
          this.#welcome();
          break;
        case "message":
          this.#message(detail);
          break;
        case "unsent":
          this.#unsent(detail.entry);
          break;
        case "gone":
          this.#remove(`u:${detail.id}`);
          break;
        case "reply":
          this.#reply(detail.reply);
          break;
        case "cancelled":
          this.#remove(`r:${detail.id}`);
          break;
        case "typing":
          this.#typing(detail);
          break;
        case "link":
          this.#linkNotice();
          break;
        case "back":
          if (this.#visible) this.#seen();
          break;
        case "notice":
          this.#notice(detail);
          break;
        case "escalated":
          this.#news(kind);
          break;
        case "completed":
          this.#news(kind);
          this.#askRating();
          break;
        case "status":
          this.#head();
          if (this.#asking && ["active", "waiting"].includes(detail.status)) this.#closeRating();
          break;
      }
      announce(kind === "loaded" ? "history" : kind, detail);
    }

    #configured(config) {
      this.#config = config;
      const sheet = accentSheet(this.dataset.color || config.color || "");
      if (sheet) this.shadowRoot.adoptedStyleSheets = [SHEET, sheet];
      this.#head();
      this.#welcome();
    }

    /** Another chat begins: what is on the screen stays, new things come after it. */
    #newEpoch() {
      this.#epoch += 1;
      for (const key of [...this.#items.keys()]) if (key.startsWith("r:")) this.#remove(key);
      this.#typing({ on: false });
      for (const entry of this.#talk.unsent) this.#unsent(entry);
    }

    #place(key, order, draw) {
      const known = this.#items.get(key);
      const item = known ?? { li: h("li", { class: "item" }) };
      item.draw = () => draw(item.li);
      item.li.order = order;
      this.#items.set(key, item);
      item.draw();
      let next = null;
      for (let node = this.#ui.log.lastElementChild; node && node.order > order; node = node.previousElementSibling) {
        if (node !== item.li) next = node;
      }
      if (item.li.parentNode !== this.#ui.log || item.li.nextElementSibling !== next) this.#ui.log.insertBefore(item.li, next);
      this.#grown(!known);
    }

    /** The same bubble under another name: an answer that is complete, a message that arrived. */
    #rename(from, to) {
      const item = this.#items.get(from);
      if (!item || this.#items.has(to)) return this.#remove(from);
      this.#items.delete(from);
      this.#items.set(to, item);
      return undefined;
    }

    #remove(key) {
      this.#items.get(key)?.li.remove();
      this.#items.delete(key);
      this.#dirty.delete(key);
      this.#busy();
    }

    #order(kind, number) {
      return this.#epoch * 1e10 + { message: 0, unsent: 4e9, reply: 6e9, typing: 9e9 }[kind] + number;
    }

    #message({ message, replyId, isNew }) {
      const key = `m:${this.#epoch}:${message.sequence}`;
      if (message.client_message_id) this.#rename(`u:${message.client_message_id}`, key);
      if (replyId) this.#rename(`r:${replyId}`, key);
      if (message.sender !== "user") this.#typing({ on: false });
      this.#place(key, this.#order("message", message.sequence), (li) => this.#drawMessage(li, message));
      this.#busy();
      if (isNew) this.#head();
      if (!isNew || message.sender === "user" || !this.#loaded) return;
      this.#unread += 1;
      if (this.#visible) this.#seen();
      else this.#launcher();
    }

    #seen() {
      if (!this.#unread) return;
      this.#unread = 0;
      this.#talk.seen();
      this.#launcher();
    }

    get #visible() {
      return !document.hidden && (this.inline || this.#ui.panel.open);
    }

    #unsent(entry) {
      entry.order ??= ++this.#unsentOrder;
      this.#place(`u:${entry.id}`, this.#order("unsent", entry.order), (li) => this.#drawUnsent(li, entry));
      if (entry.state === "sending" && !entry.tries) this.#toEnd();
    }

    /** Deltas may come faster than frames are painted: each bubble is drawn once per frame. */
    #reply(reply) {
      const key = `r:${reply.id}`;
      if (!this.#items.has(key)) {
        this.#typing({ on: false });
        this.#place(key, this.#order("reply", this.#items.size), (li) => this.#drawReply(li, reply));
        this.#busy();
        return;
      }
      this.#items.get(key).draw = () => this.#drawReply(this.#items.get(key).li, reply);
      if (!this.#dirty.size) requestAnimationFrame(() => this.#paint());
      this.#dirty.add(key);
    }

    #paint() {
      for (const key of this.#dirty) this.#items.get(key)?.draw();
      this.#dirty.clear();
      this.#grown();
    }

    /** Screen readers hear an answer when it is whole, not word by word. */
    #busy() {
      const writing = [...this.#items.keys()].some((key) => key.startsWith("r:"));
      this.#ui.scroll.setAttribute("aria-busy", String(writing));
    }

    #typing({ on, sender }) {
      if (!on) return this.#items.has("typing") ? this.#remove("typing") : undefined;
      if (this.#talk.replies.size) return undefined;
      const name = sender === "staff" ? this.#staffName() ?? this.#t("person") : this.#agentName;
      return this.#place("typing", this.#order("typing", 0), (li) => {
        li.className = "item";
        li.replaceChildren(this.#avatar(sender), h("div", { class: "bubble" },
          h("span", { class: "sr" }, this.#t("typing", { name })), h("div", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"))));
      });
    }

    /** A line of ours between the bubbles. */
    #news(text) {
      const after = Math.max(0, ...this.#talk.messages.keys());
      this.#place(`n:${this.#epoch}:${text}:${after}`, this.#order("message", after + 0.5), (li) => {
        li.className = "news";
        li.textContent = this.#t(text);
      });
    }

    // ---- bubbles

    #avatar(sender, name = "") {
      return h("span", { class: "avatar", "aria-hidden": "true" }, sender === "staff" && name ? [...name][0].toUpperCase() : icon(sender === "staff" ? "person" : MARK));
    }

    #drawMessage(li, message) {
      const mine = message.sender === "user";
      const staff = message.sender === "staff";
      const name = staff ? message.author?.name || this.#t("staff") : mine ? this.#t("you") : message.sender === "system" ? this.#t("system") : this.#agentName;
      const time = new Date(message.timestamp);
      const files = message.media ?? [];
      const blocks = mine ? message.content : this.#formatted(message);
      li.className = `item ${mine ? "mine" : ""} ${staff ? "staff" : ""}`;
      li.replaceChildren(
        ...(mine ? [] : [this.#avatar(message.sender, name)]),
        h("span", { class: staff ? "who" : "sr" }, name),
        files.length ? this.#files(files) : "",
        message.content || !files.length
          ? h("div", { class: "bubble", dir: "auto", lang: message.language?.length === 2 ? message.language : null },
            message.sender === "agent" && !message.citations?.length ? this.#askable(blocks) : blocks)
          : "",
        ...(message.citations?.length ? [this.#sources(message.citations)] : []),
        h("div", { class: "meta" },
          Number.isNaN(+time) ? null : h("time", { datetime: time.toISOString(), title: time.toLocaleString(this.#locale) }, this.#clock(time)),
          mine && [icon("check"), h("span", { class: "sr" }, this.#t("sent"))]));
    }

    /** What agents and staff wrote: formatted by the server where it has Markdown, else line by line. */
    #formatted({ content, blocks }) {
      if (!Array.isArray(blocks)) return [h("p", { class: "plain" }, content)];
      return blocks.flatMap((node) => fromTree(node, this.#t("newTab"))).map((node) => (typeof node === "string" ? h("p", {}, node) : node));
    }

    // ---- files

    #files(files) {
      return h("div", { class: "files" }, files.map((file) => (file.thumbnail_url ? this.#picture(file) : this.#chip(file))));
    }

    #picture(file) {
      const share = Math.min(1, 480 / Math.max(file.width, file.height, 1));
      const canvas = h("canvas", { role: "img", "aria-label": file.name, width: Math.round(file.width * share), height: Math.round(file.height * share) });
      this.#whenSeen(canvas, () => this.#fetched(file, file.thumbnail_url, (blob) => paint(canvas, blob)));
      return h("button", { class: "picture", type: "button", "aria-label": this.#t("enlarge", { name: file.name }), onclick: () => this.#enlarge(file) }, canvas);
    }

    #chip(file) {
      const download = h("button", { class: "chip file", type: "button", "aria-label": this.#t("download", { name: file.name }),
        onclick: () => this.#fetched(file, file.url, (blob) => keep(blob, file.name)) },
      icon("file"), h("span", { dir: "auto" }, file.name), h("small", {}, megabytes(file.size, this.#locale)));
      return file.media_type === "audio" ? h("div", { class: "sound" }, this.#player(file), download) : download;
    }

    #player(file) {
      let stop = null;
      const button = h("button", { class: "chip round", type: "button", onclick: () => (stop ? stop() : begin()) });
      const show = (name) => {
        button.replaceChildren(icon(name));
        button.setAttribute("aria-label", this.#t(name, { name: file.name }));
      };
      const begin = () => this.#fetched(file, file.url, async (blob) => {
        stop = await play(blob, () => { stop = null; show("play"); });
        show("stop");
      });
      show("play");
      return button;
    }

    /** The whole picture over the page. */
    #enlarge(file) {
      const canvas = h("canvas", { role: "img", "aria-label": file.name });
      const button = (key, name, act) => h("button", { type: "button", "aria-label": this.#t(key, { name: file.name }), title: this.#t(key, { name: file.name }), onclick: act }, icon(name));
      const view = h("dialog", { class: "view", "aria-label": file.name, onclose: () => view.remove(), onkeydown: (event) => event.stopPropagation() }, canvas,
        h("div", { class: "tools" }, button("download", "keep", () => this.#fetched(file, file.url, (blob) => keep(blob, file.name))),
          button("closeView", "close", () => view.close())));
      view.addEventListener("click", ({ target }) => target === view && view.close());
      this.shadowRoot.append(view);
      view.showModal();
      this.#fetched(file, file.url, (blob) => paint(canvas, blob));
    }

    /** Does something with a file once it is here; says so when it cannot be had. */
    async #fetched(file, path, act) {
      try {
        await act(await this.#talk.file(path));
      } catch {
        this.#notice({ key: "noFile", values: { name: file.name } });
      }
    }

    /** Pictures of a long history are fetched when somebody scrolls to them. */
    #whenSeen(element, act) {
      const observer = new IntersectionObserver(([{ isIntersecting }]) => {
        if (!isIntersecting) return;
        observer.disconnect();
        act();
      }, { rootMargin: "300px" });
      observer.observe(element);
    }

    /** Questions that an answer without sources proposes can be asked by a click. */
    #askable(blocks) {
      for (const entry of blocks.flatMap((block) => [...block.querySelectorAll("li")])) {
        const question = entry.textContent.trim();
        if (!question.endsWith("?")) continue;
        entry.replaceChildren(h("button", { class: "chip", type: "button", onclick: () => this.#say(question) }, question));
      }
      return blocks;
    }

    #clock(time) {
      const today = time.toDateString() === new Date().toDateString();
      return time.toLocaleString(this.#locale, { hour: "2-digit", minute: "2-digit", ...(today ? {} : { day: "numeric", month: "short" }) });
    }

    #sources(citations) {
      const entry = ({ title, source, excerpt }) => {
        const address = webAddress(source);
        const label = title || source;
        return h("li", { dir: "auto" }, h("cite", {}, address ? link(address, label, this.#t("newTab")) : label),
          excerpt && h("q", {}, excerpt), source && !address && source !== label && h("small", {}, source));
      };
      return h("details", { class: "sources", ontoggle: () => this.#grown() },
        h("summary", {}, icon("source"), this.#t("sources", { n: citations.length })), h("ol", {}, citations.map(entry)));
    }

    #drawUnsent(li, entry) {
      const failed = entry.state === "failed";
      const button = (key, act) => h("button", { type: "button", onclick: act }, this.#t(key));
      li.className = `item mine ${entry.state}`;
      li.replaceChildren(
        h("span", { class: "sr" }, this.#t("you")),
        entry.files?.length ? h("div", { class: "files" }, entry.files.map((file) => this.#ownFile(file))) : "",
        entry.content || !entry.files?.length ? h("div", { class: "bubble", dir: "auto" }, entry.content) : "",
        failed
          ? h("div", { class: "meta bad" }, `${this.#t("failed")} ${entry.detail || ""}`,
            button("retry", () => this.#talk.retry(entry.id)), button("discard", () => this.#talk.discard(entry.id)))
          : h("div", { class: "meta" }, this.#t(entry.state === "queued" ? "queued" : "sending")));
    }

    /** A file that is on its way: shown from what is here. */
    #ownFile(file) {
      if (!file.type.startsWith("image/")) return h("span", { class: "chip file" }, icon("file"), h("span", { dir: "auto" }, file.name));
      const canvas = h("canvas", { role: "img", "aria-label": file.name, width: 1, height: 1 });
      paint(canvas, file).catch(() => canvas.replaceWith(h("span", { class: "chip file" }, icon("file"), file.name)));
      return h("span", { class: "picture" }, canvas);
    }

    #drawReply(li, reply) {
      li.className = "item streaming";
      const text = reply.text ? h("p", { class: "plain" }, unmarked(reply.text)) : h("div", { class: "dots" }, h("i"), h("i"), h("i"));
      li.replaceChildren(this.#avatar("agent"), h("span", { class: "sr" }, this.#agentName), h("div", { class: "bubble", dir: "auto" }, text));
    }

    // ---- the log's end

    #scrolled() {
      const { scroll, latest } = this.#ui;
      this.#sticky = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
      if (this.#sticky) latest.hidden = true;
    }

    #grown(byMore = false) {
      this.#welcome();
      if (this.#sticky) this.#toEnd();
      else if (byMore) this.#ui.latest.hidden = false;
    }

    #toEnd() {
      this.#sticky = true;
      this.#ui.latest.hidden = true;
      this.#ui.scroll.scrollTop = this.#ui.scroll.scrollHeight;
    }

    // ---- notices

    #linkNotice() {
      clearTimeout(this.#ui.linkTimer);
      const state = this.#talk?.link;
      const offline = state === "offline" || navigator.onLine === false;
      const text = offline ? "offline" : state === "down" || (state === "connecting" && !this.#ui.notice.hidden) ? "reconnecting" : null;
      if (text === "reconnecting" && this.#ui.notice.hidden) {
        this.#ui.linkTimer = setTimeout(() => this.#talk.link === "down" && this.#showNotice("reconnecting"), 1_500);
      } else if (text) {
        this.#showNotice(text);
      } else if (["offline", "reconnecting"].includes(this.#ui.notice.dataset.key)) {
        this.#showNotice(null);
      }
    }

    /** A sentence under the header; with `seconds` it counts down, which is read out once only. */
    #notice({ key = null, seconds, values }) {
      clearInterval(this.#countdown);
      if (!seconds) return this.#showNotice(key, values);
      let left = Math.ceil(seconds);
      this.#showNotice(key, { n: left });
      this.#countdown = setInterval(() => {
        left -= 1;
        if (left > 0) this.#ui.notice.textContent = this.#t(key, { n: left });
        else this.#notice({});
      }, 1_000);
      return undefined;
    }

    #showNotice(key, values) {
      const { notice, status } = this.#ui;
      notice.hidden = !key;
      notice.dataset.key = key ?? "";
      notice.textContent = status.textContent = key ? this.#t(key, values) : "";
    }

    // ---- writing

    #pasted(event) {
      const { files } = event.clipboardData ?? {};
      if (!files?.length) return;
      event.preventDefault();
      this.#choose(files);
    }

    #dropped(event) {
      const { files } = event.dataTransfer ?? {};
      if (!files?.length) return;
      event.preventDefault();
      this.#choose(files);
    }

    #key(event) {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    }

    #typed() {
      const { text, send, error } = this.#ui;
      const content = storable(text.value);
      const length = content.length > MESSAGE_LIMIT ? [...content].length : 0;
      send.setAttribute("aria-disabled", String(!content && !this.#chosen.length));
      text.setAttribute("aria-invalid", String(length > MESSAGE_LIMIT));
      error.hidden = length <= MESSAGE_LIMIT;
      error.textContent = error.hidden ? "" : this.#t("tooLong", { n: length.toLocaleString(this.#locale), max: MESSAGE_LIMIT.toLocaleString(this.#locale) });
      if (!CSS.supports("field-sizing", "content")) {
        text.style.height = "auto";
        text.style.height = `${Math.min(text.scrollHeight, 150)}px`;
      }
      if (content) this.#talk?.writing();
    }

    #submit() {
      const { text, error } = this.#ui;
      const tooLong = text.getAttribute("aria-invalid") === "true";
      if (!(storable(text.value) || this.#chosen.length) || tooLong || !this.#talk) return text.focus();
      this.#say(text.value, this.#chosen);
      this.#chosen = [];
      this.#drawChosen();
      error.hidden = true;
      text.value = "";
      this.#typed();
      return text.focus();
    }

    /** Files are chosen, pasted or dropped; each is taken unless it is one too many or too large. */
    #choose(files) {
      const most = this.#config?.media?.max_files ?? FILES_LIMIT;
      const largest = this.#config?.media?.max_bytes ?? FILE_LIMIT;
      const big = [...files].find(({ size }) => size > largest);
      const fitting = [...files].filter(({ size }) => size <= largest);
      const all = [...this.#chosen, ...fitting];
      this.#chosen = all.slice(0, most);
      this.#drawChosen();
      const { error, text } = this.#ui;
      error.hidden = !big && all.length <= most;
      error.textContent = big ? this.#t("tooBig", { name: big.name, n: Math.floor(largest / 1e6) }) : all.length > most ? this.#t("tooMany", { n: most }) : "";
      text.focus();
    }

    #drawChosen() {
      const { tray, send, text } = this.#ui;
      tray.hidden = !this.#chosen.length;
      tray.replaceChildren(...this.#chosen.map((file) => h("li", { class: "chip file" }, icon("file"), h("span", { dir: "auto" }, file.name),
        h("button", { type: "button", "aria-label": this.#t("detach", { name: file.name }), onclick: () => {
          this.#chosen = this.#chosen.filter((one) => one !== file);
          this.#drawChosen();
          text.focus();
        } }, icon("close")))));
      send.setAttribute("aria-disabled", String(!storable(text.value) && !this.#chosen.length));
    }

    #say(content, files = []) {
      this.#loaded = true;
      this.#talk.write(content, files);
      // A suggestion is gone once it is asked; on a phone the field would bring up the keyboard.
      if (!this.shadowRoot.activeElement) (PHONE.matches ? this.#ui.scroll : this.#ui.text).focus({ preventScroll: true });
    }

    // ---- a person, a rating, a new beginning, another language

    async #askHuman() {
      const { human } = this.#ui;
      if (human.getAttribute("aria-disabled") === "true") return;
      human.setAttribute("aria-disabled", "true");
      this.#loaded = true;
      try {
        await this.#talk.escalate();
        this.#ui.text.focus();
      } catch (failure) {
        this.#failed(failure);
      } finally {
        human.removeAttribute("aria-disabled");
      }
    }

    #failed({ status, retryAfter }) {
      if (status === 429 || status === 503) this.#notice({ key: status === 429 ? "slow" : "maintenance", seconds: retryAfter ?? 10 });
      else this.#notice({ key: status === 0 && navigator.onLine === false ? "offline" : "broken" });
    }

    /** A conversation that has ended is rated once; the question takes no focus from a person who is writing. */
    #askRating() {
      if (!this.#ui.rating.hidden || this.#rated === this.#talk.chat.chat_id) return;
      this.#openRating({ focus: false });
      this.#asking = true;
      this.#toEnd();
    }

    #openRating({ focus = true } = {}) {
      const { rating, rate } = this.#ui;
      const stars = this.#t0("stars");
      const output = h("output", {});
      const star = (label, index) => h("label", {}, h("input", { type: "radio", name: "rating", value: index + 1, "aria-label": `${index + 1} · ${label}`,
        onchange: () => { output.textContent = label; error.hidden = true; } }), icon("star"));
      const comment = h("textarea", { maxlength: 2000, rows: 2, "aria-label": this.#t("comment"), placeholder: this.#t("comment") });
      const error = h("p", { class: "error", role: "alert", hidden: true });
      rating.replaceChildren(
        h("fieldset", {}, h("legend", {}, this.#t("rateTitle")), h("div", { class: "stars" }, stars.map(star), output)), comment, error,
        h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => this.#closeRating() }, this.#t("cancel")),
          h("button", { type: "submit", class: "main" }, this.#t("rateSend"))));
      rating.onsubmit = (event) => {
        event.preventDefault();
        this.#sendRating(Number(rating.elements.rating.value), comment.value, error);
      };
      rating.hidden = false;
      rate.setAttribute("aria-expanded", "true");
      if (focus) rating.elements.rating[0].focus();
    }

    #t0(key) {
      return TEXTS[this.#locale][key];
    }

    #closeRating() {
      const { rating, rate } = this.#ui;
      const hasFocus = rating.contains(this.shadowRoot.activeElement);
      rating.hidden = true;
      this.#asking = false;
      rate.setAttribute("aria-expanded", "false");
      if (hasFocus) rate.focus();
    }

    async #sendRating(value, comment, error) {
      error.hidden = Boolean(value);
      error.textContent = value ? "" : this.#t("rateMissing");
      if (!value) return;
      try {
        await this.#talk.rate(value, storable(comment));
        this.#rated = this.#talk.chat.chat_id;
        this.#closeRating();
        this.#news("rated");
        this.#toEnd();
        announce("rated", { rating: value });
      } catch (failure) {
        error.hidden = false;
        error.textContent = failure.detail || this.#t("broken");
      }
    }

    #restart() {
      this.#talk?.restart();
      this.#clear();
      this.#ui.text.focus();
    }

    #clear() {
      this.#items.clear();
      this.#chosen = [];
      this.#drawChosen();
      this.#ui.log.replaceChildren();
      this.#unread = 0;
      this.#ui.rating.hidden = true;
      this.#asking = false;
      this.#notice({});
      this.#head();
      this.#welcome();
    }

    #switchLanguage() {
      this.setLocale(this.#t("otherLanguage"));
      this.#ui.panel.querySelector(".head button").focus();
    }

    #setLocale(locale) {
      const picked = pickLocale(locale);
      if (!picked || picked === this.#locale) return;
      this.#locale = picked;
      this.#fill();
    }

    // ---- opening and closing (launcher only)

    #escape(event) {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      if (this.#ui.rating.hidden) this.close();
      else this.#closeRating();
    }

    /** A phone's keyboard covers the page: the full-screen panel takes what is left to see. */
    #fit() {
      const { panel } = this.#ui;
      if (!panel.classList.contains("full")) return;
      panel.style.setProperty("--height", `${visualViewport.height}px`);
      panel.style.setProperty("--top", `${visualViewport.offsetTop}px`);
    }

    // ---- what pages may call, through window.Charla

    open() {
      const { panel, text } = this.#ui;
      if (this.inline) {
        this.scrollIntoView({ block: "nearest" });
        return text.focus();
      }
      if (panel.open) return undefined;
      this.#returnTo = document.activeElement === this ? this.#ui.launcher : document.activeElement;
      panel.classList.toggle("full", PHONE.matches);
      if (PHONE.matches) panel.showModal();
      else panel.show();
      this.#fit();
      this.#launcher();
      this.#seen();
      this.#toEnd();
      (matchMedia("(pointer: coarse)").matches ? panel : text).focus();
      return announce("open", {});
    }

    close() {
      const { panel, launcher } = this.#ui;
      if (this.inline || !panel.open) return;
      panel.close();
      this.#launcher();
      const back = this.#returnTo;
      (back && back !== document.body && back.isConnected ? back : launcher).focus();
      announce("close", {});
    }

    toggle() {
      return !this.inline && this.#ui.panel.open ? this.close() : this.open();
    }

    setUser(user) {
      if (!user?.identifier) throw new TypeError("Charla.setUser needs {identifier, name, identifier_hash}");
      const { identifier, name, identifier_hash } = user;
      this.#identity = { identifier: String(identifier), name, identifier_hash };
      if (!this.#talk) return;
      const before = this.#talk.chat;
      this.#talk.identify(this.#identity);
      if (before && !this.#talk.chat) this.#clear();
    }

    setLocale(locale) {
      this.#talk?.chooseLocale(pickLocale(locale), this.#pageLocale());
      this.#setLocale(locale);
      announce("locale", { locale: this.#locale });
    }

    reset() {
      this.#talk?.reset();
      this.#clear();
    }
  }

  // --------------------------------------------------------------------------- window.Charla

  const listeners = new Map();

  /** Calls the page's listeners; what they throw is reported as theirs and stops nothing here. */
  function announce(name, detail) {
    for (const listener of listeners.get(name) ?? []) {
      try {
        listener(detail);
      } catch (error) {
        reportError(error);
      }
    }
  }

  const widget = () => document.querySelector("charla-widget:not([data-inline])") ?? document.querySelector("charla-widget");

  window.Charla = Object.freeze({
    open: () => widget()?.open(),
    close: () => widget()?.close(),
    toggle: () => widget()?.toggle(),
    setUser: (user) => widget()?.setUser(user),
    setLocale: (locale) => widget()?.setLocale(locale),
    reset: () => widget()?.reset(),
    /** Listens to open, close, message, reply, typing, escalated, rated, link …; gives the function that stops it. */
    on(name, listener) {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
      return () => listeners.set(name, listeners.get(name).filter((one) => one !== listener));
    },
  });

  customElements.define("charla-widget", CharlaWidget);

  function begin() {
    if (SCRIPT?.dataset.key) {
      const element = document.createElement("charla-widget");
      Object.assign(element.dataset, SCRIPT.dataset);
      document.body.append(element);
    }
    window.dispatchEvent(new CustomEvent("charla:ready", { detail: window.Charla }));
  }

  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin, { once: true });
})();
