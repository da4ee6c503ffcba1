-- Moments and durations are nanoseconds. A statement ends with a semicolon at
-- the end of a line.

-- Locked by every Update until it ends, so that Updates run one at a time.
create table update_turn ();

create table requests (
  number bigint generated always as identity (start with 1001) primary key, -- for people: LK-1001 is the first
  id text not null unique,
  engineer text not null,
  customer text not null,
  service text not null,
  scope text not null,
  role text not null,
  role_name text not null,
  role_content text not null,
  class bigint not null,
  principal text not null,
  duration bigint not null,
  reason text not null,
  tier bigint not null,
  filed_at bigint not null,
  answer_by bigint not null,
  state text not null,
  digest text not null
);
create index requests_engineer on requests (engineer, number);
create index requests_customer on requests (customer, number);
create index requests_pending on requests (answer_by) where state = 'pending';

create table approvers (
  id text primary key,
  tenant text not null,
  name text not null,
  address text not null,
  account_tenant text not null,
  account_object text not null,
  enrolled_at bigint
);
create index approvers_tenant on approvers (tenant);

create table decisions (
  id text primary key,
  request text not null unique references requests (id) deferrable initially deferred,
  digest text not null,
  approver text not null references approvers (id) deferrable initially deferred,
  verdict text not null,
  tier bigint not null,
  account_tenant text not null,
  account_object text not null,
  duration bigint not null,
  note text not null,
  decided_at bigint not null
);
create index decisions_approver on decisions (approver);

create table links (
  id text primary key,
  kind text not null,
  approver text not null references approvers (id) deferrable initially deferred,
  request text references requests (id) deferrable initially deferred,
  expires bigint not null,
  tries bigint not null,
  void_at bigint
);
create index links_approver on links (approver);
create index links_request on links (request);

create table episodes (
  id text primary key,
  service text not null,
  tenant text not null,
  scope text not null,
  scope_key text not null generated always as (lower(scope collate "C")) stored,
  role text not null,
  principal text not null,
  principal_type text not null,
  name text not null unique,
  phase text not null,
  until bigint not null,
  role_content text not null,
  lane bigint not null,
  due bigint,
  attempts bigint not null,
  checked bigint not null,
  absent_at bigint,
  stuck boolean not null,
  last_why text not null,
  owner text not null,
  epoch bigint not null,
  lease bigint,
  -- When it can be claimed: a lease outlasts its due time, and its holder may die.
  ready bigint generated always as (case when lease > due then lease else due end) stored,
  turn bigint -- its place in its tenant's line while it waits to be claimed, else null
);
-- One target has at most one live episode: overlapping grants share it.
create unique index episodes_live on episodes (tenant, scope_key, role, principal, service)
  where phase in ('intended', 'present');
create index episodes_place on episodes (tenant, scope_key);
create index episodes_ready on episodes (ready) where phase <> 'closed';
create index episodes_ripening on episodes (ready) where phase <> 'closed' and turn is null;
create index episodes_line on episodes (lane, turn, due, id) where turn is not null;
create index episodes_tenant_line on episodes (lane, tenant, turn) where turn is not null;

create table grants (
  id text primary key,
  request text not null unique references requests (id) deferrable initially deferred,
  episode text not null references episodes (id) deferrable initially deferred,
  engineer text not null,
  customer text not null,
  state text not null,
  begins bigint not null,
  ends bigint not null,
  active_at bigint,
  ended_at bigint,
  end_now_by text not null,
  why text not null
);
create index grants_episode on grants (episode);
create index grants_engineer on grants (engineer, begins);
create index grants_customer on grants (customer, begins);
create index grants_begins on grants (begins);

create table notices (
  number bigint generated always as identity primary key,
  id text not null unique,
  body text not null, -- JSON
  due bigint not null,
  tries bigint not null default 0,
  owner text not null default '',
  lease bigint,
  ready bigint not null generated always as (case when lease > due then lease else due end) stored,
  sent_at bigint,
  last_why text not null default ''
);
create index notices_ready on notices (ready) where sent_at is null;

create table sessions (
  digest text primary key,
  body bytea not null,
  expires bigint not null
);
create index sessions_expires on sessions (expires);

create table audit_entries (
  n bigint primary key,
  tenant text not null,
  body bytea not null -- the leaf, as it was hashed
);
create index audit_entries_tenant on audit_entries (tenant, n);

create table audit_hashes (
  i bigint primary key,
  hash bytea not null
);
