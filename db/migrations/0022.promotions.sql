-- Discounts: coupon codes as rows, each used as often as it may be and never more; what they take off is in the books.
-- depends: 0021.signing-keys

create table shop.promotions (
  id uuid not null default gen_random_uuid(),
  code text not null,
  description text not null default '',
  kind text not null,
  value numeric(12, 2) not null,
  minimum_amount numeric(12, 2) not null default 0,
  starts_at timestamptz not null default now(),
  ends_at timestamptz,
  usage_limit integer,
  usage_limit_per_customer integer,
  uses integer not null default 0,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint promotions_pkey primary key (id),
  constraint promotions_code_is_a_word check (code ~ '^[A-Za-z0-9_-]{1,50}$'),
  constraint promotions_description_length check (length(description) <= 1000),
  constraint promotions_kind_is_known check (kind in ('percentage', 'fixed')),
  constraint promotions_value_in_range check (value > 0 and (kind <> 'percentage' or value <= 100)),
  constraint promotions_minimum_amount_not_negative check (minimum_amount >= 0),
  constraint promotions_end_after_they_start check (ends_at > starts_at),
  constraint promotions_limits_are_positive check (usage_limit > 0 and usage_limit_per_customer > 0),
  -- This line is why no coupon is used more often than it may be.
  constraint promotions_uses_within_limit check (uses >= 0 and uses <= usage_limit)
);
create unique index promotions_code_key on shop.promotions (lower(code));
create trigger promotions_touch before update on shop.promotions for each row execute function shop.touch();
comment on table shop.promotions is 'Coupon codes: what they take off, for whom, when and how often.';
create trigger promotions_audit after insert or delete or update of
  code, kind, value, minimum_amount, starts_at, ends_at, usage_limit, usage_limit_per_customer, is_active
  on shop.promotions for each row execute function shop.audit_row(
    'promotion.changed', 'id', 'code', 'kind', 'value', 'minimum_amount', 'starts_at', 'ends_at', 'usage_limit',
    'usage_limit_per_customer', 'is_active'
  );

create table shop.promotion_uses (
  -- One coupon an order.
  order_id uuid not null,
  promotion_id uuid not null,
  is_given_back boolean not null default false,
  constraint promotion_uses_pkey primary key (order_id),
  constraint promotion_uses_order_id_fkey foreign key (order_id) references shop.orders (id) on delete restrict,
  constraint promotion_uses_promotion_id_fkey foreign key (promotion_id)
    references shop.promotions (id) on delete restrict
);
create index promotion_uses_promotion_id_idx on shop.promotion_uses (promotion_id);
comment on table shop.promotion_uses is 'Which order used which coupon; a cancelled one gives it back.';

create function shop.count_promotion_use() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op <> 'INSERT' and not old.is_given_back then
    update shop.promotions set uses = uses - 1 where id = old.promotion_id;
  end if;
  if tg_op <> 'DELETE' and not new.is_given_back then
    -- Locks the coupon, so that what is counted now stays so.
    update shop.promotions set uses = uses + 1 where id = new.promotion_id;
    if (
      select count(*) from shop.promotion_uses u
      join shop.orders o on o.id = u.order_id
      join shop.orders this on this.id = new.order_id and this.customer_id = o.customer_id
      where u.promotion_id = new.promotion_id and not u.is_given_back
    ) > (select p.usage_limit_per_customer from shop.promotions p where p.id = new.promotion_id) then
      raise sqlstate '23514' using
        message = 'a customer uses a coupon as often as it allows', constraint = 'promotion_uses_within_limit_per_customer';
    end if;
  end if;
  return null;
end;
$$;
-- Deferred: everybody with the same coupon waits for its row, so it is locked last and for as short as can be, after
-- stock and payment; which is the order that lets nobody wait in a ring.
create constraint trigger promotion_uses_count after insert or update or delete on shop.promotion_uses
  deferrable initially deferred for each row execute function shop.count_promotion_use();
comment on function shop.count_promotion_use is 'Counts uses on the promotion, right under concurrency, in all and for each customer.';

alter table shop.orders
  add column coupon_code text,
  -- squawk-ignore constraint-missing-not-valid
  add constraint orders_discount_at_most_subtotal check (discount <= subtotal);
alter table shop.order_items
  add column discount numeric(12, 2) not null default 0,
  -- squawk-ignore constraint-missing-not-valid
  add constraint order_items_discount_at_most_subtotal check (discount >= 0 and discount <= quantity * price);

drop trigger order_items_check_subtotal on shop.order_items;
drop trigger orders_check_subtotal on shop.orders;
-- squawk-ignore ban-drop-function
drop function shop.check_order_subtotal();
create function shop.check_order_sums() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  checked uuid := case tg_table_name when 'orders' then to_jsonb(new) ->> 'id'
    else coalesce(to_jsonb(new), to_jsonb(old)) ->> 'order_id' end;
  placed shop.orders;
  sums record;
begin
  select o.* into placed from shop.orders o where o.id = checked;
  select sum(i.subtotal) as subtotal, sum(i.discount) as discount into sums
  from shop.order_items i where i.order_id = placed.id;
  if placed.subtotal is distinct from sums.subtotal then
    raise sqlstate '23514' using
      message = 'the subtotal of an order is the sum of its items', constraint = 'orders_subtotal_is_sum_of_items';
  elsif placed.discount is distinct from sums.discount then
    raise sqlstate '23514' using
      message = 'the discount of an order is the sum of its items''', constraint = 'orders_discount_is_sum_of_items';
  end if;
  return null;
end;
$$;
create constraint trigger orders_check_sums after insert or update of subtotal, discount on shop.orders
  deferrable initially deferred for each row execute function shop.check_order_sums();
create constraint trigger order_items_check_sums after insert or delete or update of quantity, price, discount, order_id
  on shop.order_items deferrable initially deferred for each row execute function shop.check_order_sums();
comment on function shop.check_order_sums is 'At the end of the transaction the items add up to subtotal and discount.';

call shop.protect('shop.promotions', 'shop.promotion_uses');
grant select, delete,
  insert (code, description, kind, value, minimum_amount, starts_at, ends_at, usage_limit, usage_limit_per_customer, is_active),
  update (code, description, kind, value, minimum_amount, starts_at, ends_at, usage_limit, usage_limit_per_customer, is_active)
  on shop.promotions to staff;
create policy promotions_all_staff on shop.promotions to staff using (true) with check (true);
