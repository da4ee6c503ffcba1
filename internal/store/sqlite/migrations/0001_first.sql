-- Moments and durations are nanoseconds. A statement ends with a semicolon at
-- the end of a line.

create table requests (
  number integer primary key autoincrement, -- for people: LK-1001 is the first
  id text not null unique,
  engineer text not null,
  customer text not null,
  service text not null,
  scope text not null,
  role text not null,
  role_name text not null,
  role_content text not null,
  class integer not null,
  principal text not null,
  duration integer not null,
  reason text not null,
  tier integer not null,
  filed_at integer not null,
  answer_by integer not null,
  state text not null,
  digest text not null
) strict;
insert into sqlite_sequence (name, seq) values ('requests', 1000);
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
  enrolled_at integer
) strict;
create index approvers_tenant on approvers (tenant);

create table decisions (
  id text primary key,
  request text not null unique references requests (id) deferrable initially deferred,
  digest text not null,
  approver text not null references approvers (id) deferrable initially deferred,
  verdict text not null,
  tier integer not null,
  account_tenant text not null,
  account_object text not null,
  duration integer not null,
  note text not null,
  decided_at integer not null
) strict;
create index decisions_approver on decisions (approver);

create table links (
  id text primary key,
  kind text not null,
  approver text not null references approvers (id) deferrable initially deferred,
  request text references requests (id) deferrable initially deferred,
  expires integer not null,
  tries integer not null,
  void_at integer
) strict;
create index links_approver on links (approver);
create index links_request on links (request);

create table episodes (
  id text primary key,
  service text not null,
  tenant text not null,
  scope text not null,
  scope_key text not null generated always as (lower(scope)) stored,
  role text not null,
  principal text not null,
  principal_type text not null,
  name text not null unique,
  phase text not null,
  until integer not null,
  role_content text not null,
  lane integer not null,
  due integer,
  attempts integer not null,
  checked integer not null,
  absent_at integer,
  stuck integer not null check (stuck in (0, 1)),
  last_why text not null,
  owner text not null,
  epoch integer not null,
  lease integer,
  -- When it can be claimed: a lease outlasts its due time, and its holder may die.
  ready integer generated always as (case when lease > due then lease else due end) stored,
  turn integer -- its place in its tenant's line while it waits to be claimed, else null
) strict;
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
  begins integer not null,
  ends integer not null,
  active_at integer,
  ended_at integer,
  end_now_by text not null,
  why text not null
) strict;
create index grants_episode on grants (episode);
create index grants_engineer on grants (engineer, begins);
create index grants_customer on grants (customer, begins);
create index grants_begins on grants (begins);

create table notices (
  number integer primary key autoincrement,
  id text not null unique,
  body text not null, -- JSON
  due integer not null,
  tries integer not null default 0,
  owner text not null default '',
  lease integer,
  ready integer not null generated always as (case when lease > due then lease else due end) stored,
  sent_at integer,
  last_why text not null default ''
) strict;
create index notices_ready on notices (ready) where sent_at is null;

create table sessions (
  digest text primary key,
  body blob not null,
  expires integer not null
) strict;
create index sessions_expires on sessions (expires);

create table audit_entries (
  n integer primary key,
  tenant text not null,
  body blob not null -- the leaf, as it was hashed
) strict;
create index audit_entries_tenant on audit_entries (tenant, n);

create table audit_hashes (
  i integer primary key,
  hash blob not null
) strict;
