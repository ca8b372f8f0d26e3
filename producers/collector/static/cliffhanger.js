/**
 * Cliffhanger's player SDK: attaches to a <video>, measures what is played, and delivers the events.
 *
 * What it guarantees: nothing here throws into the page; an event is stored before it is sent and forgotten once
 * the collector has answered for it; what is sent again keeps its id, so it is counted once; what is lost is
 * counted and told to `onProblem`. It sets no cookie, samples nothing, and loads nothing.
 *
 * Read it from top to bottom: attach, Player, Paywall (what happens); Play, Coverage (what is measured);
 * Outbox, Store (how it gets out).
 */

const SCHEMA_VERSION = 1;
const BEAT_MS = 5_000; // of playing
const IDLE_MS = 30 * 60_000; // a pause that long ends a play (docs/metrics.md)
const VISIBLE_MS = 1_000; // a paywall is shown once it was visible for so long, or touched
const ASLEEP_MS = 1_000; // samples come four times a second; what lies longer apart was no playing

const BATCH_EVENTS = 100;
const BATCH_BYTES = 60_000; // a beacon may carry 64 KB
const BATCH_AGE_MS = 5_000;
const QUEUE_EVENTS = 5_000;
const QUEUE_BYTES = 2_000_000; // browsers keep about 5 MB for a site
const TIMEOUT_MS = 15_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 60_000;
const UNSURE_MS = 6 * 3_600_000; // the lateness: what a beacon took so long ago would only come as late

/**
 * @typedef {object} Content The episode, in the fields of the contract (docs/event.schema.json); more may stand here.
 * @property {string} series_id
 * @property {number} episode_no from 1
 * @property {number} [duration_ms] that of the video if it is left out; a paywall needs it
 * @property {boolean} [is_free]
 * @property {number} [paywall_no] 0 in the free part
 * @property {string} [episode_id]
 * @property {string} [audio_language]
 *
 * @typedef {"tap"|"next_tap"|"next_swipe"|"auto_next"|"resume"|"deep_link"|"replay"|"preview"} StartReason
 * @typedef {"completed"|"next"|"exit"|"background_timeout"|"paywall"|"error"} EndReason
 *
 * @typedef {object} Options
 * @property {string} endpoint where the collector is: "https://events.example.com"
 * @property {string} writeKey
 * @property {string} viewerId a pseudonym; the same in all sessions of this installation
 * @property {string} sessionId
 * @property {string|(() => string|Promise<string>)} [token] signed session token, or what fetches a fresh one
 * @property {"ios"|"android"|"web"|"tv"} [platform] web if it is left out
 * @property {string} appVersion
 * @property {string} [country] ISO 3166-1: "DE"
 * @property {"production"|"sandbox"|"internal"} [environment] production if it is left out
 * @property {object} [context] more common fields of the contract: experiments, payer_state, installed_at, ...
 * @property {Content} content what is played first
 * @property {StartReason} [startReason] why it is played; tap if it is left out
 * @property {(problem: Problem) => void} [onProblem] hears of everything that did not arrive as it should
 *
 * @typedef {object} Problem
 * @property {"quarantined"|"refused"|"dropped"|"unconfirmed"|"away"|"storage"|"misuse"|"internal"} kind
 * @property {number} count how many events it is about; 0: they are kept and sent later
 * @property {string} detail
 */

/** @type {Map<string, Outbox>} The players of a page share one outbox per collector and key. */
const outboxes = new Map();

/**
 * Measure a video and send its events from now on. Always returns a player: wrong options are told to
 * `onProblem` and to the console.
 *
 * @param {HTMLVideoElement} video
 * @param {Options} options
 * @returns {Player}
 */
export function attach(video, options) {
  const hear = listener(options?.onProblem);
  for (const name of ["endpoint", "writeKey", "viewerId", "sessionId", "appVersion", "content"]) {
    if (!options?.[name]) {
      hear({ kind: "misuse", count: 0, detail: `attach: ${name} is missing` });
    }
  }
  return new Player(video, options ?? {}, hear);
}

/** One video element, the play that is on in it, and what the page tells of it. */
class Player {
  #video;
  #options;
  #hear;
  #outbox;
  #play;
  #idle = 0;
  #stops = new AbortController();

  constructor(video, options, hear) {
    this.#video = video;
    this.#options = options;
    this.#hear = hear;
    this.#outbox = outboxFor(options, hear);
    this.#play = new Play(options.content ?? {}, options.startReason ?? "tap");
    this.#guard(() => this.#listen());
  }

  /**
   * The page goes on to another episode: ends the play that is on, and measures the next from its first frame.
   * Call it before you change the video's source.
   *
   * @param {{content: Content, startReason: StartReason}} next
   */
  next(next) {
    this.#guard(() => {
      this.#finish("next");
      this.#play = new Play(next.content, next.startReason);
    });
  }

  /**
   * The play is over for a reason that the video does not know: the viewer left the player, a paywall came.
   *
   * @param {EndReason} reason
   */
  end(reason) {
    this.#guard(() => this.#finish(reason));
  }

  /**
   * The player failed in a way that the video element does not tell, such as a licence or a manifest.
   * A fatal failure ends the play.
   *
   * @param {string} code
   * @param {{fatal?: boolean}} [options]
   */
  error(code, options) {
    this.#guard(() => this.#fail(String(code), options?.fatal ?? false));
  }

  /**
   * Watch a paywall: it counts as shown once half of it was visible for a second, or it was touched.
   *
   * @param {Element} element
   * @param {{paywallId: string, trigger: "auto_next"|"next_tap"|"list_tap"|"deep_link", content: Content,
   *   offers?: object[], coinPrice?: number, coinBalance?: number}} paywall `content` is the locked episode
   * @returns {Paywall}
   */
  paywall(element, paywall) {
    const say = (type, body) => this.#say(type, body);
    return new Paywall(element, paywall ?? {}, say, (step) => this.#guard(step));
  }

  /** End the play, let go of the video, and send what is left. */
  detach() {
    this.#guard(() => {
      this.#finish("exit");
      this.#stops.abort();
      this.#outbox.flush();
    });
  }

  /** Send what waits, without waiting for the batch to fill. Resolves once the collector has answered, or not. */
  async flush() {
    await this.#outbox.flush();
  }

  /** How many events became what. `waiting` are neither answered for nor given up. */
  get counts() {
    return { ...this.#outbox.counts, waiting: this.#outbox.waiting };
  }

  #listen() {
    const video = {
      playing: () => this.#onPlaying(),
      pause: () => this.#onPause(),
      waiting: () => this.#play.stall(this.#video),
      seeking: () => this.#play.leave(this.#video),
      seeked: () => this.#onSeeked(),
      timeupdate: () => this.#onTimeUpdate(),
      ratechange: () => this.#play.sample(this.#video),
      ended: () => this.#finish("completed"),
      emptied: () => this.#play.hold(),
      error: () => this.#fail(`media_${this.#video.error?.code ?? "unknown"}`, true),
    };
    const page = {
      pagehide: () => this.#onPageHide(),
      pageshow: () => this.#outbox.wake(),
      online: () => this.#outbox.wake(),
    };
    this.#on(this.#video, video);
    this.#on(window, page);
    this.#on(document, { visibilitychange: () => this.#onVisibilityChange() });
  }

  #on(target, reactions) {
    for (const [name, react] of Object.entries(reactions)) {
      target.addEventListener(name, () => this.#guard(react), { signal: this.#stops.signal });
    }
  }

  #onPlaying() {
    if (this.#play.pausedFor >= IDLE_MS) {
      this.#finish("background_timeout", this.#play.pausedAt + IDLE_MS);
    }
    if (this.#play.state === "over") {
      this.#play = new Play(this.#play.content, this.#play.completed ? "replay" : "resume");
    }
    if (this.#play.state === "ready") {
      this.#play.start(this.#video);
      this.#say("play_start", this.#play.opening(this.#video));
      return;
    }
    clearTimeout(this.#idle);
    this.#tellStall();
    if (this.#play.run(this.#video)) {
      this.#tell("resume");
    }
  }

  #onPause() {
    if (this.#play.state !== "on" || this.#video.ended) {
      return; // a video pauses by itself when it ends
    }
    this.#play.pause(this.#video);
    this.#tellStall();
    this.#tell("pause");
    this.#beat();
    const endsAt = this.#play.pausedAt + IDLE_MS;
    this.#idle = setTimeout(() => this.#guard(() => this.#finish("background_timeout", endsAt)), IDLE_MS);
  }

  #onSeeked() {
    const jump = this.#play.arrive(this.#video);
    if (jump) {
      this.#tell("seek", { position_ms: jump.from_ms, ...jump });
    }
  }

  #onTimeUpdate() {
    this.#play.sample(this.#video);
    if (this.#play.sinceBeatMs >= BEAT_MS) {
      this.#beat();
    }
  }

  #onVisibilityChange() {
    if (document.visibilityState === "hidden") {
      this.#play.sample(this.#video);
      this.#beat(); // on a phone this is the last that a page hears
      this.#outbox.flush();
    }
  }

  #onPageHide() {
    this.#finish("exit");
    this.#outbox.leave();
  }

  #fail(code, fatal) {
    this.#play.sample(this.#video);
    this.#say("player_error", { ...this.#play.progress(), code, fatal });
    if (fatal) {
      this.#finish("error");
    }
  }

  #finish(reason, occurredAt = Date.now()) {
    clearTimeout(this.#idle);
    this.#play.sample(this.#video);
    this.#tellStall();
    if (this.#play.state === "on") {
      const body = this.#play.progress();
      this.#say("heartbeat", { ...body, foreground: isVisible() }, occurredAt);
      this.#say("play_end", { ...body, end_reason: reason }, occurredAt);
    }
    this.#play.finish(reason);
  }

  #tellStall() {
    const stalledMs = this.#play.endStall();
    if (stalledMs !== null) {
      this.#tell("stall", { stalled_ms: stalledMs });
    }
  }

  #beat() {
    this.#play.beaten();
    this.#tell("heartbeat", {
      foreground: isVisible(),
      buffered_ms: bufferedMs(this.#video),
      rate: this.#video.playbackRate,
    });
  }

  /** Send an event of the play that is on, with its counters. */
  #tell(type, body = {}) {
    if (this.#play.state === "on") {
      this.#say(type, { ...this.#play.progress(), ...body });
    }
  }

  #say(type, body, occurredAt = Date.now()) {
    const options = this.#options;
    this.#outbox.add({
      schema_version: SCHEMA_VERSION,
      event_id: uuid(),
      event_type: type,
      viewer_id: options.viewerId,
      app_session_id: options.sessionId,
      occurred_at: Math.round(occurredAt),
      platform: options.platform ?? "web",
      environment: options.environment ?? "production",
      app_version: options.appVersion,
      country: options.country,
      ...options.context,
      ...body,
    });
  }

  #guard(step) {
    try {
      return step();
    } catch (error) {
      return internal(this.#hear)(error);
    }
  }
}

/** One paywall on the screen. What is never seen says nothing. */
class Paywall {
  #element;
  #paywall;
  #say;
  #guard;
  #id = uuid();
  #visible = false; // on the page, be the page hidden or not
  #shownAt = null; // monotonic
  #sent = false;
  #timer = 0;
  #observer = null;
  #stops = new AbortController();

  constructor(element, paywall, say, guard) {
    this.#element = element;
    this.#paywall = paywall;
    this.#say = say;
    this.#guard = guard;
    guard(() => this.#watch());
  }

  /** The `paywall_impression_id`, for the backend that unlocks or sells. */
  get id() {
    return this.#id;
  }

  /**
   * The viewer chose an offer.
   *
   * @param {{offerId?: string, orderId?: string}} [choice] an order id is made if none is given
   * @returns {string} the order id, for the payment backend
   */
  checkoutStart(choice) {
    const orderId = choice?.orderId ?? uuid();
    this.#guard(() => {
      this.#show();
      const body = { paywall_impression_id: this.#id, order_id: orderId, offer_id: choice?.offerId };
      this.#say("checkout_start", body);
    });
    return orderId;
  }

  /** The paywall was closed, by the viewer or by an unlock. Before it was seen this says nothing. */
  dismiss() {
    this.#guard(() => {
      this.#stopWatching();
      if (this.#sent) {
        const dwellMs = Math.round(performance.now() - this.#shownAt);
        this.#say("paywall_dismiss", { paywall_impression_id: this.#id, dwell_ms: dwellMs });
      }
      this.#sent = false;
    });
  }

  #watch() {
    const touched = () => this.#guard(() => this.#show());
    for (const name of ["pointerdown", "keydown"]) {
      this.#element.addEventListener(name, touched, { signal: this.#stops.signal, capture: true });
    }
    const look = () => this.#guard(() => this.#look(this.#visible));
    document.addEventListener("visibilitychange", look, { signal: this.#stops.signal });
    this.#observer = new IntersectionObserver(
      (entries) => this.#guard(() => this.#look(entries.at(-1).isIntersecting)),
      { threshold: 0.5 },
    );
    this.#observer.observe(this.#element);
  }

  #look(visible) {
    this.#visible = visible;
    clearTimeout(this.#timer);
    if (this.#sent) {
      return;
    }
    this.#shownAt = null;
    if (visible && isVisible()) {
      this.#shownAt = performance.now();
      this.#timer = setTimeout(() => this.#guard(() => this.#show()), VISIBLE_MS);
    }
  }

  #show() {
    if (this.#sent || this.#stops.signal.aborted) {
      return;
    }
    this.#sent = true;
    clearTimeout(this.#timer);
    this.#shownAt ??= performance.now();
    const { paywallId, trigger, content, offers, coinPrice, coinBalance } = this.#paywall;
    this.#say("paywall_impression", {
      paywall_impression_id: this.#id,
      paywall_id: paywallId,
      trigger,
      offers,
      coin_price: coinPrice,
      coin_balance: coinBalance,
      ...content,
    });
  }

  #stopWatching() {
    clearTimeout(this.#timer);
    this.#stops.abort();
    this.#observer?.disconnect();
  }
}

/**
 * What is known of one play. It sends nothing: the player asks it, and hands it the video.
 *
 * `played` is wall time of playing, without pauses, stalls and seeks; `watched` is distinct content. Both come from
 * samples: what happened between two of them is played if the video was running at the first.
 */
class Play {
  id = uuid();
  content;
  state = "ready"; // then "on" from the first frame, then "over"
  completed = false;
  pausedAt = null; // wall clock
  #startReason;
  #startPosition = 0;
  #running = false;
  #sampledAt = 0; // monotonic
  #position = 0;
  #rate = 1;
  #played = 0;
  #beatenAt = 0; // by #played
  #watched = new Coverage();
  #stalledAt = null; // monotonic
  #leftFrom = null; // where a seek began

  constructor(content, startReason) {
    this.content = content;
    this.#startReason = startReason;
  }

  /** Milliseconds of playing since the last heartbeat. */
  get sinceBeatMs() {
    return this.#played - this.#beatenAt;
  }

  get pausedFor() {
    return this.pausedAt === null ? 0 : Date.now() - this.pausedAt;
  }

  start(video) {
    this.state = "on";
    this.#startPosition = this.#position = video.currentTime * 1000;
    this.#resume(video);
  }

  /** The fields of `play_start`. */
  opening(video) {
    return {
      playback_id: this.id,
      start_reason: this.#startReason,
      start_position_ms: wholeMs(this.#startPosition),
      ...this.content,
      duration_ms: this.content.duration_ms ?? wholeMs(video.duration * 1000),
    };
  }

  /** The fields that all other events of a play have. */
  progress() {
    return {
      playback_id: this.id,
      position_ms: wholeMs(this.#position),
      played_ms: wholeMs(this.#played),
      watched_ms: wholeMs(this.#watched.total),
    };
  }

  /** Frames move again. Tells whether that ends a pause. */
  run(video) {
    const wasPaused = this.pausedAt !== null;
    this.pausedAt = null;
    this.sample(video);
    this.#resume(video);
    return wasPaused;
  }

  pause(video) {
    this.sample(video);
    this.#running = false;
    this.pausedAt = Date.now();
  }

  /** The video ran dry, unless it only looks for the place that it was sent to. */
  stall(video) {
    if (this.#running && !video.seeking) {
      this.sample(video);
      this.#running = false;
      this.#stalledAt = performance.now();
    }
  }

  /** How long frames have stood still for want of data; null if they did not. */
  endStall() {
    const since = this.#stalledAt;
    this.#stalledAt = null;
    return since === null ? null : wholeMs(performance.now() - since);
  }

  /** A seek begins: the video tells where it goes, the samples tell where it was. */
  leave(video) {
    if (this.state === "on") {
      this.sample(video);
      this.#running = false;
      this.#leftFrom ??= this.#position;
    }
  }

  /** A seek is over; a scrubbing finger makes many, and one of them counts. */
  arrive(video) {
    if (this.state !== "on" || this.#leftFrom === null) {
      return null;
    }
    const jump = { from_ms: wholeMs(this.#leftFrom), to_ms: wholeMs(video.currentTime * 1000) };
    this.#leftFrom = null;
    this.#position = video.currentTime * 1000;
    if (!video.paused && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) {
      this.#resume(video); // else "playing" follows
    }
    return jump;
  }

  /** Nothing of this play can be measured any more: its source is gone. */
  hold() {
    this.#running = false;
  }

  /** A play that never began is not over: it may still begin. */
  finish(reason) {
    if (this.state === "on") {
      this.state = "over";
      this.completed = reason === "completed";
      this.#running = false;
    }
  }

  beaten() {
    this.#beatenAt = this.#played;
  }

  /** Take in what happened since the last sample. */
  sample(video) {
    const now = performance.now();
    if (this.#running) {
      const wall = now - this.#sampledAt;
      const position = video.seeking ? this.#guess(wall, video) : video.currentTime * 1000;
      const content = Math.max(position - this.#position, 0);
      this.#played += Math.min(wall, content / this.#rate + ASLEEP_MS);
      if (content > 0) {
        this.#watched.add(this.#position, position);
      }
      this.#position = position;
    }
    this.#sampledAt = now;
    this.#rate = video.playbackRate || 1;
  }

  /** Where the video was when it was sent elsewhere. */
  #guess(wall, video) {
    return Math.min(this.#position + Math.min(wall, ASLEEP_MS) * this.#rate, video.duration * 1000);
  }

  #resume(video) {
    this.#running = true;
    this.#sampledAt = performance.now();
    this.#position = video.currentTime * 1000;
    this.#rate = video.playbackRate || 1;
  }
}

/** Which parts were seen, as spans that do not touch. */
class Coverage {
  #spans = [];

  add(from, to) {
    const apart = [];
    for (const [begin, end] of this.#spans) {
      if (end < from || begin > to) {
        apart.push([begin, end]);
      } else {
        from = Math.min(from, begin);
        to = Math.max(to, end);
      }
    }
    this.#spans = [...apart, [from, to]];
  }

  get total() {
    return this.#spans.reduce((sum, [begin, end]) => sum + end - begin, 0);
  }
}

/**
 * Delivers events in batches, one request at a time, until the collector has answered for each.
 *
 * No answer, 429 or 503: the same events go again, later, with the same ids and a new `sent_at`. What a beacon took
 * stays in the store, for nobody hears of it; the next page sends it again, and copies change nothing.
 */
class Outbox {
  counts = { accepted: 0, quarantined: 0, refused: 0, dropped: 0, unconfirmed: 0 };
  #endpoint;
  #writeKey;
  #token;
  #hear;
  #store;
  #sending = null;
  #timer = 0;
  #failures = 0;
  #notBefore = 0; // monotonic
  #freshToken = null;
  #left = false;
  #limit = BATCH_EVENTS;

  constructor(endpoint, writeKey, hear) {
    this.#endpoint = endpoint;
    this.#writeKey = writeKey;
    this.#hear = hear;
    this.#store = new Store(`cliffhanger:${writeKey}:`, (detail) => {
      this.#hear({ kind: "storage", count: 0, detail });
    });
  }

  /** Serve a player: with its session's token, and telling its listener. The last one that came is told. */
  serve(token, hear) {
    this.#token = token;
    this.#freshToken = typeof token === "string" ? token : null;
    this.#hear = hear;
    const stale = this.#store.takeUnsure(Date.now() - UNSURE_MS);
    this.#giveUp("unconfirmed", stale, "a beacon took them, and nobody answered");
    if (this.waiting) {
      this.#schedule(0);
    }
  }

  get waiting() {
    return this.#store.size;
  }

  /** Take an event. It is stored when this returns. */
  add(event) {
    const evicted = this.#store.put({ event, token: this.#freshToken, unsure: false });
    this.#giveUp("dropped", evicted, "the queue is full");
    const full = this.#store.size >= BATCH_EVENTS || this.#store.bytes >= BATCH_BYTES;
    this.#schedule(full ? 0 : BATCH_AGE_MS);
  }

  /** Send all that waits. Resolves when it is out, or when the collector is away. */
  flush() {
    this.#sending ??= this.#drain()
      .catch(internal(this.#hear))
      .finally(() => {
        this.#sending = null;
      });
    return this.#sending;
  }

  /** The network or the page is back. */
  wake() {
    this.#left = false;
    this.#failures = 0;
    this.#notBefore = 0;
    if (this.waiting) {
      this.#schedule(0);
    }
  }

  /** The page goes: hand what fits to the browser, which sends it when the page is gone. */
  leave() {
    this.#left = true;
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const batch of this.#batches(({ unsure }) => !unsure)) {
      const url = new URL(`${this.#endpoint}/v1/events`);
      url.searchParams.set("key", this.#writeKey); // a beacon has no headers
      const token = this.#tokenOf(batch);
      if (token) {
        url.searchParams.set("session", token);
      }
      if (!navigator.sendBeacon(url, lines(batch))) {
        return; // full: the next page sends the rest
      }
      this.#store.change(batch, { unsure: true });
    }
  }

  #schedule(delayMs) {
    const now = performance.now();
    const at = Math.max(now + delayMs, this.#notBefore);
    if (this.#left || (this.#timer && delayMs > 0)) {
      return; // what is due comes first
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.flush();
    }, at - now);
  }

  async #drain() {
    while (!this.#left && this.waiting && performance.now() >= this.#notBefore) {
      await this.#send(this.#batches().next().value);
    }
    if (this.waiting) {
      this.#schedule(0); // which waits as long as it must
    }
  }

  async #send(batch) {
    let response;
    try {
      await this.#renewToken();
      response = await fetch(`${this.#endpoint}/v1/events`, this.#request(batch));
    } catch (error) {
      return this.#later(`no answer (${error.name})`);
    }
    const answer = await response.json().catch(() => null);
    if (!response.ok) {
      return this.#refused(batch, response, `${response.status} ${answer?.error ?? ""}`.trim());
    }
    if (typeof answer?.accepted !== "number") {
      return this.#later(`${response.status} from somebody else`); // a proxy, a hotel's network
    }
    return this.#settle(batch, answer);
  }

  #request(batch) {
    const token = this.#tokenOf(batch);
    return {
      method: "POST",
      mode: "cors",
      credentials: "omit",
      redirect: "error",
      keepalive: !isVisible(), // it may be closed at any moment
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        "Content-Type": "application/x-ndjson",
        Authorization: `Bearer ${this.#writeKey}`,
        ...(token ? { "X-Session-Token": token } : {}),
      },
      body: lines(batch),
    };
  }

  #settle(batch, answer) {
    this.#failures = 0;
    this.#store.remove(batch);
    const bad = answer.quarantined ?? [];
    this.counts.accepted += batch.length - bad.length;
    this.counts.quarantined += bad.length;
    if (bad.length) {
      const found = bad.map(({ index, reason }) => `${batch[index]?.event.event_type}: ${reason}`);
      this.#hear({ kind: "quarantined", count: bad.length, detail: [...new Set(found)].join(", ") });
    }
  }

  #refused(batch, response, detail) {
    const { status } = response;
    if (status === 413 && batch.length > 1) {
      this.#limit = Math.ceil(batch.length / 2);
      return;
    }
    if (status === 429 || status >= 500 || status === 408) {
      this.#later(detail, Number(response.headers.get("Retry-After")) * 1000);
      return;
    }
    if (status === 401 && this.#tokenOf(batch) !== this.#freshToken) {
      this.#store.change(batch, { token: null }); // an old one; today's may vouch for the same viewer
      return;
    }
    if (status === 401 || status === 403) {
      this.#freshToken = typeof this.#token === "function" ? null : this.#freshToken;
      this.#later(detail, RETRY_MOST_MS); // a key, an origin, a token: mended without a reload
      return;
    }
    this.#store.remove(batch);
    this.#giveUp("refused", batch, detail);
  }

  /** Wait longer after each failure, or as long as the collector says; and not all players at the same moment. */
  #later(detail, atLeastMs = 0) {
    const doubled = Math.min(RETRY_FIRST_MS * 2 ** this.#failures, RETRY_MOST_MS);
    this.#failures += 1;
    this.#notBefore = performance.now() + Math.max(atLeastMs || 0, doubled) * (1 + Math.random() / 4);
    this.#hear({ kind: "away", count: 0, detail });
  }

  /** What waits, oldest first, cut into what one request may carry. A batch has one token. */
  *#batches(wanted = () => true) {
    let batch = [];
    let bytes = 0;
    for (const entry of [...this.#store.entries()].filter(wanted)) {
      const fits = batch.length < this.#limit && bytes + entry.bytes <= BATCH_BYTES;
      if (batch.length && (!fits || this.#tokenOf([entry]) !== this.#tokenOf(batch))) {
        yield batch;
        [batch, bytes] = [[], 0];
      }
      batch.push(entry);
      bytes += entry.bytes;
    }
    if (batch.length) {
      yield batch;
    }
  }

  #tokenOf([entry]) {
    return entry.token ?? this.#freshToken;
  }

  async #renewToken() {
    if (typeof this.#token === "function" && this.#freshToken === null) {
      this.#freshToken = await this.#token();
    }
  }

  #giveUp(kind, entries, detail) {
    if (entries.length) {
      this.counts[kind] += entries.length;
      this.#hear({ kind, count: entries.length, detail });
    }
  }
}

/**
 * Events that nobody has answered for, oldest first, in memory and in the browser's storage: one entry an event.
 *
 * Tabs share it without a lock: one that opens takes up what others still wait for, and both may send it.
 */
class Store {
  /** Of all entries, as the outbox fills its batches by it. */
  bytes = 0;
  #prefix;
  #complain;
  #entries = new Map(); // by event id
  #failed = false; // said once

  constructor(prefix, complain) {
    this.#prefix = prefix;
    this.#complain = complain;
    this.#load();
  }

  get size() {
    return this.#entries.size;
  }

  entries() {
    return this.#entries.values();
  }

  /** Keep an entry; return those that had to go for it. */
  put(entry) {
    const evicted = [];
    const bytes = byteLength(JSON.stringify(entry.event));
    while (this.size && (this.size >= QUEUE_EVENTS || this.bytes + bytes > QUEUE_BYTES)) {
      const entries = [...this.#entries.values()];
      const beat = entries.find(({ event }) => event.event_type === "heartbeat"); // the next one says more
      evicted.push(beat ?? entries[0]);
      this.remove(evicted.slice(-1));
    }
    this.#keep({ ...entry, bytes });
    this.#write(entry);
    return evicted;
  }

  remove(entries) {
    for (const { event } of entries) {
      const known = this.#entries.get(event.event_id);
      this.#entries.delete(event.event_id);
      this.bytes -= known?.bytes ?? 0;
      this.#try((storage) => storage.removeItem(this.#prefix + event.event_id));
    }
  }

  change(entries, changes) {
    for (const entry of entries) {
      Object.assign(entry, changes);
      this.#write(entry);
    }
  }

  /** Take out what was handed to a beacon and is older than a time. */
  takeUnsure(before) {
    const stale = [...this.#entries.values()].filter(({ event, unsure }) => unsure && event.occurred_at < before);
    this.remove(stale);
    return stale;
  }

  #load() {
    this.#try((storage) => {
      const keys = Object.keys(storage).filter((key) => key.startsWith(this.#prefix));
      for (const entry of keys.map((key) => this.#read(storage, key)).sort(byTime)) {
        if (entry) {
          this.#keep({ ...entry, bytes: byteLength(JSON.stringify(entry.event)) });
        }
      }
    });
  }

  #read(storage, key) {
    try {
      return JSON.parse(storage.getItem(key));
    } catch {
      storage.removeItem(key); // somebody else wrote it
      this.#complain("an entry was no JSON");
      return null;
    }
  }

  #keep(entry) {
    this.#entries.set(entry.event.event_id, entry);
    this.bytes += entry.bytes;
  }

  #write({ event, token, unsure }) {
    const text = JSON.stringify({ event, token, unsure });
    this.#try((storage) => storage.setItem(this.#prefix + event.event_id, text));
  }

  /** A browser may keep nothing (private windows, a full disk): then the events live as long as the page. */
  #try(use) {
    try {
      use(window.localStorage);
    } catch (error) {
      if (!this.#failed) {
        this.#complain(`not stored: ${error.name}`);
      }
      this.#failed = true;
    }
  }
}

function outboxFor({ endpoint, writeKey, token }, hear) {
  const address = String(endpoint).replace(/\/+$/, "");
  const name = `${address} ${writeKey}`;
  if (!outboxes.has(name)) {
    outboxes.set(name, new Outbox(address, writeKey, hear));
  }
  outboxes.get(name).serve(token, hear);
  return outboxes.get(name);
}

/** A batch as NDJSON. A clock that was set back since must not make an event sent before it occurred. */
function lines(batch) {
  const now = Date.now();
  return batch
    .map(({ event }) => JSON.stringify({ ...event, sent_at: Math.max(now, event.occurred_at) }))
    .join("\n");
}

/** What the page hears. Its own mistakes stay its own. */
function listener(onProblem) {
  return (problem) => {
    if (problem.kind === "misuse" || problem.kind === "internal") {
      console.warn(`cliffhanger: ${problem.detail}`);
    }
    try {
      onProblem?.(problem);
    } catch (error) {
      console.warn("cliffhanger: onProblem failed", error);
    }
  };
}

function internal(hear) {
  return (error) => hear({ kind: "internal", count: 0, detail: String(error) });
}

function byTime(a, b) {
  return (a?.event.occurred_at ?? 0) - (b?.event.occurred_at ?? 0);
}

function isVisible() {
  return document.visibilityState === "visible";
}

function bufferedMs(video) {
  for (let i = 0; i < video.buffered.length; i += 1) {
    if (video.buffered.start(i) <= video.currentTime && video.currentTime <= video.buffered.end(i)) {
      return wholeMs((video.buffered.end(i) - video.currentTime) * 1000);
    }
  }
  return undefined;
}

/** Milliseconds as the contract wants them; undefined, so left out, where there are none. */
function wholeMs(ms) {
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}

function byteLength(text) {
  return new TextEncoder().encode(text).length;
}

/** A random UUID. `crypto.randomUUID` exists on secure pages only. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
