-- What people are told of: who carries an order, and daily mails that go out once a day however often the clock rings.
-- depends: 0011.pictures

alter table shop.orders
  add column carrier text,
  -- squawk-ignore constraint-missing-not-valid
  add constraint orders_carrier_length check (length(carrier) <= 100);

create table shop.job_slots (
  job text not null,
  slot date not null,
  begun_at timestamptz not null default now(),
  -- This line is why a job of the day is done once, also by two workers at once or after a restart of the clock.
  constraint job_slots_pkey primary key (job, slot)
);
comment on table shop.job_slots is 'Which day''s work of the clock has been done, by job.';
call shop.protect('shop.job_slots');
