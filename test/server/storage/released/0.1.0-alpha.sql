-- cspell:ignore pkey
CREATE TABLE public.answers (
    key text NOT NULL,
    answer text NOT NULL,
    version integer NOT NULL,
    tries integer NOT NULL,
    remote_id double precision,
    pending boolean NOT NULL,
    due_at double precision NOT NULL,
    handed_at double precision NOT NULL
);

CREATE TABLE public.comments (
    repo text NOT NULL,
    comment double precision NOT NULL,
    repository text NOT NULL,
    decision text NOT NULL,
    at text NOT NULL,
    run text
);

CREATE TABLE public.cursors (
    name text NOT NULL,
    at text NOT NULL
);

CREATE TABLE public.enrolments (
    name text NOT NULL,
    document text NOT NULL
);

CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);

CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.refusals (
    repo text NOT NULL,
    pull integer NOT NULL,
    login text NOT NULL
);

CREATE TABLE public.runs (
    id text NOT NULL,
    repo text NOT NULL,
    pull integer,
    priority smallint NOT NULL,
    at double precision NOT NULL,
    memory double precision NOT NULL,
    request text NOT NULL,
    state text NOT NULL,
    attempt integer NOT NULL,
    folder text NOT NULL,
    worker text,
    harness text,
    lease_token text,
    lease_until double precision,
    lease_ms double precision,
    started_at double precision,
    cancel_asked_at double precision,
    cancel_reason text,
    outcome text,
    finished_at double precision,
    by_worker boolean DEFAULT false NOT NULL,
    CONSTRAINT runs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'cancelled'::text, 'error'::text])))
);

CREATE TABLE public.turns (
    repo text NOT NULL,
    at double precision NOT NULL
);

CREATE TABLE public.workers (
    name text NOT NULL,
    token_hash text,
    seen_at double precision,
    memory double precision,
    free double precision,
    harness text
);

INSERT INTO public.answers VALUES ('status:org/recipe@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{"kind":"status","repository":"Org/recipe","commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","state":"pending","description":"waits","url":"https://ci.example.org/runs/1"}', 1, 0, NULL, true, 0, 0);
INSERT INTO public.answers VALUES ('comment:org/recipe#5', '{"kind":"comment","repository":"Org/recipe","pull":5,"body":"a\nlong\tword: ünïcode"}', 1, 1, 41, false, 0, 1767607200000);

INSERT INTO public.comments VALUES ('org/recipe', 3, 'Org/recipe', 'run', '2026-01-05T10:00:02.000Z', '20260105-100002-z2yfu7');
INSERT INTO public.comments VALUES ('org/recipe', 4, 'Org/recipe', 'run', '2026-01-05T10:00:03.000Z', '20260105-100003-dhku58');
INSERT INTO public.comments VALUES ('org/recipe', 5, 'Org/recipe', 'run', '2026-01-05T10:00:04.000Z', '20260105-100004-b9x7x7');
INSERT INTO public.comments VALUES ('org/recipe', 9007199254, 'Org/recipe', 'refused', '2026-01-05T10:00:04.000Z', NULL);

INSERT INTO public.cursors VALUES ('other/recipe', '2026-01-05T10:00:00.000Z');
INSERT INTO public.cursors VALUES ('org', '2026-01-05T10:00:05.000Z');

INSERT INTO public.enrolments VALUES ('org', '{"name":"Org","at":"2026-01-05T10:00:00.000Z","by":"operator","allow":["zoë"],"memoryBytes":3221225472,"mirrorOf":null,"webhook":7}');
INSERT INTO public.enrolments VALUES ('other/recipe', '{"name":"Other/Recipe","at":"2026-01-05T10:00:00.000Z","by":"operator","allow":[],"memoryBytes":null,"mirrorOf":"Up/Recipe","webhook":null}');

INSERT INTO public.kysely_migration VALUES ('0001-first', '2026-11-28T09:39:23.239Z');

INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);

INSERT INTO public.refusals VALUES ('org/recipe', 5, 'mallory');

INSERT INTO public.runs VALUES ('20260105-100000-zrs5xc', 'org/recipe', NULL, 0, 1767607200000, 1073741824, '{"schema":1,"id":"20260105-100000-zrs5xc","attemptOf":null,"at":"2026-01-05T10:00:00.000Z","priority":"pull","repository":"Org/recipe","pull":null,"commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","base":"auto","quick":false,"memoryBytes":1073741824,"deadlineMs":3600000}', 'done', 1, '20260105-100000-zrs5xc', 'w1', '0.1.0+abc', 'eca7271cabcab314063531f9ef200bf9', NULL, 30000, 1767607200000, NULL, NULL, '{"schema":1,"id":"20260105-100000-zrs5xc","state":"done","verdict":"pass","level":5,"cause":null,"tier":null,"message":"level 5","finishedAt":"2026-01-05T10:01:00.000Z","folder":"20260105-100000-zrs5xc","attempts":1,"teardown":"clean"}', 1767607260000, true);
INSERT INTO public.runs VALUES ('20260105-100001-g8ys3b', 'org/recipe', NULL, 0, 1767607201000, 1073741824, '{"schema":1,"id":"20260105-100001-g8ys3b","attemptOf":null,"at":"2026-01-05T10:00:01.000Z","priority":"pull","repository":"Org/recipe","pull":null,"commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","base":"auto","quick":false,"memoryBytes":1073741824,"deadlineMs":3600000}', 'error', 1, '20260105-100001-g8ys3b', 'w1', '0.1.0+abc', '368044c14275398831d4edd59db0451f', NULL, 30000, 1767607200000, NULL, NULL, '{"schema":1,"id":"20260105-100001-g8ys3b","state":"error","verdict":null,"level":null,"cause":null,"tier":null,"message":"it’s the engine","finishedAt":"2026-01-05T10:01:00.000Z","folder":"20260105-100001-g8ys3b","attempts":1,"teardown":"clean"}', 1767607260000, true);
INSERT INTO public.runs VALUES ('20260105-100002-z2yfu7', 'org/recipe', 4, 0, 1767607202000, 1073741824, '{"schema":1,"id":"20260105-100002-z2yfu7","attemptOf":null,"at":"2026-01-05T10:00:02.000Z","priority":"pull","repository":"Org/recipe","pull":{"number":4,"headRef":"topic","baseRef":"main","comment":3,"author":"Ann"},"commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","base":"auto","quick":false,"memoryBytes":1073741824,"deadlineMs":3600000}', 'cancelled', 0, '20260105-100002-z2yfu7', NULL, NULL, NULL, NULL, NULL, NULL, 1767607200000, 'not now', '{"schema":1,"id":"20260105-100002-z2yfu7","state":"cancelled","verdict":null,"level":null,"cause":null,"tier":null,"message":"not now","finishedAt":"2026-01-05T10:00:00.000Z","folder":"20260105-100002-z2yfu7","attempts":0,"teardown":"none"}', 1767607200000, false);
INSERT INTO public.runs VALUES ('20260105-100003-dhku58', 'org/recipe', 5, 0, 1767607203000, 1073741824, '{"schema":1,"id":"20260105-100003-dhku58","attemptOf":null,"at":"2026-01-05T10:00:03.000Z","priority":"pull","repository":"Org/recipe","pull":{"number":5,"headRef":"topic","baseRef":"main","comment":4,"author":"Ann"},"commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","base":"1.2.0+3","quick":true,"memoryBytes":1073741824,"deadlineMs":3600000}', 'running', 1, '20260105-100003-dhku58', 'w1', '0.1.0+abc', '5c53430276ead98313f4c3f9aa6a0255', 1767607230000, 30000, 1767607200000, 1767607200000, 'asked; "quoted"', NULL, NULL, false);
INSERT INTO public.runs VALUES ('20260105-100004-b9x7x7', 'org/recipe', 5, 0, 1767607204000, 1073741824, '{"schema":1,"id":"20260105-100004-b9x7x7","attemptOf":null,"at":"2026-01-05T10:00:04.000Z","priority":"pull","repository":"Org/recipe","pull":{"number":5,"headRef":"topic","baseRef":"main","comment":5,"author":"Ann"},"commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","base":"auto","quick":false,"memoryBytes":1073741824,"deadlineMs":3600000}', 'queued', 0, '20260105-100004-b9x7x7', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false);

INSERT INTO public.turns VALUES ('org/recipe', 1767607200000);

INSERT INTO public.workers VALUES ('w2', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', NULL, NULL, NULL, NULL);
INSERT INTO public.workers VALUES ('w1', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1767607200000, 8589934592, 8589934592, '0.1.0+abc');

ALTER TABLE ONLY public.answers
    ADD CONSTRAINT answers_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_pkey PRIMARY KEY (repo, comment);

ALTER TABLE ONLY public.cursors
    ADD CONSTRAINT cursors_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.enrolments
    ADD CONSTRAINT enrolments_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.refusals
    ADD CONSTRAINT refusals_pkey PRIMARY KEY (repo, pull, login);

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (repo);

ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_token_hash_key UNIQUE (token_hash);

CREATE INDEX answers_due ON public.answers USING btree (due_at) WHERE pending;

CREATE INDEX runs_active ON public.runs USING btree (repo, pull) WHERE (state = 'running'::text);

CREATE INDEX runs_pull ON public.runs USING btree (repo, pull, at, id);

CREATE INDEX runs_queue ON public.runs USING btree (repo, priority, at, id) WHERE (state = 'queued'::text);

CREATE INDEX runs_state ON public.runs USING btree (state, finished_at);
