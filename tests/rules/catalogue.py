"""Rules about the database as queries: each finds what breaks it, and knows a statement that does break it."""

from dataclasses import dataclass

OURS = "('shop', 'auth', 'api', 'v1', 'logic')"
DISPOSABLE = "('api', 'v1', 'logic')"


@dataclass(frozen=True)
class Rule:
    """`offenders` selects one text a row; `breakage` is SQL after which it must find `guilty`."""

    name: str
    offenders: str
    breakage: str
    guilty: str


# Tables that hang on a customer, be it by way of others.
BELONGING = """with recursive belonging (id) as (
  select 'shop.customers'::regclass::oid
  union
  select k.conrelid from pg_constraint k join belonging b on k.confrelid = b.id where k.contype = 'f'
)"""
# The same as far as they stay when the customer is erased: others go by `on delete cascade`.
KEPT = """with recursive leaving (id) as (
  select 'shop.customers'::regclass::oid
  union
  select k.conrelid from pg_constraint k join leaving l on k.confrelid = l.id
  where k.contype = 'f' and k.confdeltype = 'c'
), kept (id) as (
  select k.conrelid from pg_constraint k join leaving l on k.confrelid = l.id
  where k.contype = 'f' and k.conrelid not in (select id from leaving)
  union
  select k.conrelid from pg_constraint k join kept p on k.confrelid = p.id
  where k.contype = 'f' and k.conrelid not in (select id from leaving)
)"""

RULES = [
    Rule(
        "every_table_has_row_level_security_on_and_forced",
        """select oid::regclass::text from pg_class
        where relnamespace::regnamespace::text in ('shop', 'auth') and relkind in ('r', 'p')
          and not (relrowsecurity and relforcerowsecurity)""",
        "create table shop.naked (id integer); alter table shop.naked enable row level security",
        "shop.naked",
    ),
    Rule(
        "no_table_lives_outside_shop_and_auth",
        """select oid::regclass::text from pg_class
        where relnamespace::regnamespace::text in ('public', 'api', 'v1', 'logic')
          and relkind in ('r', 'p', 'm', 'f')""",
        "create table logic.stray (id integer)",
        "logic.stray",
    ),
    Rule(
        "the_owner_has_a_policy_on_every_table",
        """select oid::regclass::text from pg_class c
        where relnamespace::regnamespace::text in ('shop', 'auth') and relkind in ('r', 'p') and not exists (
          select from pg_policy p where p.polrelid = c.oid and p.polname = c.relname || '_all_owner'
            and p.polroles = array['owner'::regrole::oid] and p.polcmd = '*')""",
        "drop policy orders_all_owner on shop.orders",
        "shop.orders",
    ),
    Rule(
        "every_policy_names_a_role",
        "select polrelid::regclass || ' ' || polname from pg_policy where 0 = any(polroles)",
        "create policy orders_select_everybody on shop.orders for select using (true)",
        "shop.orders orders_select_everybody",
    ),
    Rule(
        "every_policy_is_called_table_command_whom",
        """select polrelid::regclass || ' ' || polname from pg_policy p join pg_class c on c.oid = p.polrelid
        where polname !~ ('^' || c.relname || '_' || case polcmd when 'r' then 'select' when 'a' then 'insert'
          when 'w' then 'update' when 'd' then 'delete' else 'all' end || '_[a-z]+$')""",
        "create policy orders_select_mine on shop.orders for update to staff using (true)",
        "shop.orders orders_select_mine",
    ),
    Rule(
        "policies_ask_who_is_calling_once_a_statement_and_not_once_a_row",
        r"""select tablename || ' ' || policyname from pg_policies
        where regexp_replace(
          concat(qual, with_check), '\( SELECT shop\.current_user_id\(\) AS current_user_id\)', '', 'g'
        ) ~ 'current_'""",
        "create policy orders_select_slowly on shop.orders for select to staff using (id = shop.current_user_id())",
        "orders orders_select_slowly",
    ),
    Rule(
        "every_view_of_the_api_acts_with_the_callers_rights",
        """select oid::regclass::text from pg_class
        where relnamespace::regnamespace::text in ('api', 'v1', 'logic') and relkind = 'v'
          and not coalesce(reloptions, '{}') && '{security_invoker=true,security_invoker=on}'""",
        "create view api.leak as select 1 as x",
        "api.leak",
    ),
    Rule(
        "views_read_tables_and_no_other_views",
        """select distinct r.ev_class::regclass::text from pg_rewrite r
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        join pg_class c on c.oid = d.refobjid and d.refclassid = 'pg_class'::regclass
        where c.relkind = 'v' and c.oid <> r.ev_class and c.relnamespace::regnamespace::text = 'api'""",
        "create view api.second with (security_invoker) as select id from api.products",
        "api.second",
    ),
    Rule(
        "everything_has_a_comment",
        f"""select n.nspname::text from pg_namespace n
        where n.nspname in ('shop', 'auth', 'api', 'v1', 'logic') and obj_description(n.oid, 'pg_namespace') is null
        union all
        select c.oid::regclass::text from pg_class c
        where c.relnamespace::regnamespace::text in {OURS} and c.relkind in ('r', 'p', 'v')
          and obj_description(c.oid, 'pg_class') is null
        union all
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace::regnamespace::text in {OURS} and obj_description(p.oid, 'pg_proc') is null""",
        "create function v1.say_nothing() returns void language sql return null::void",
        "v1.say_nothing()",
    ),
    Rule(
        "every_column_of_the_api_has_a_comment",
        """select c.oid::regclass || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace::regnamespace::text in ('api', 'v1') and c.relkind = 'v'
          and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null""",
        "create view api.unsaid with (security_invoker) as select 1 as x",
        "api.unsaid.x",
    ),
    Rule(
        "comments_of_the_api_begin_with_a_short_title",
        """select d.objoid::text || ' ' || d.description from pg_description d
        left join pg_class c on d.classoid = 'pg_class'::regclass and c.oid = d.objoid and c.relkind = 'v'
        left join pg_proc p on d.classoid = 'pg_proc'::regclass and p.oid = d.objoid
        where d.objsubid = 0 and coalesce(c.relnamespace, p.pronamespace)::regnamespace::text in ('api', 'v1')
          and split_part(d.description, e'\n', 1) !~ '^[A-Z][^.]{2,60}$'""",
        "comment on view api.orders is 'orders. They are long.'",
        "orders. They are long.",
    ),
    Rule(
        "nothing_is_granted_to_public",
        f"""select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace::regnamespace::text in {OURS}
          and (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))
        union all
        select c.oid::regclass::text from pg_class c, aclexplode(c.relacl) a
        where c.relnamespace::regnamespace::text in {OURS} and a.grantee = 0
        union all
        select n.nspname::text from pg_namespace n, aclexplode(n.nspacl) a
        where n.nspname in ('shop', 'auth', 'api', 'v1', 'logic', 'public', 'extensions', 'migrations')
          and a.grantee = 0
        union all
        select d.datname::text from pg_database d, aclexplode(d.datacl) a
        where d.datname = current_database() and a.grantee = 0""",
        "grant execute on function api.clear_cart to public",
        "api.clear_cart()",
    ),
    Rule(
        "every_function_has_an_empty_search_path_and_no_other_setting",
        f"""select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace::regnamespace::text in {OURS}
          and p.proconfig is distinct from array['search_path=""']
          -- A body that was parsed when it was made looks nothing up by name, and goes into the caller's
          -- statement only if it has no settings.
          and (p.prosqlbody is null or p.prosecdef or p.proconfig is not null)""",
        "alter function api.checkout set statement_timeout = '1h'",
        "api.checkout(jsonb,jsonb,text,boolean,text,text,text)",
    ),
    Rule(
        "exposed_functions_keep_their_plans",
        """select p.oid::regprocedure::text from pg_proc p join pg_language l on l.oid = p.prolang
        where p.pronamespace::regnamespace::text in ('api', 'v1') and l.lanname <> 'plpgsql'""",
        "create function api.planned_anew() returns integer language sql return 1",
        "api.planned_anew()",
    ),
    Rule(
        "a_function_has_one_overload",
        f"""select pronamespace::regnamespace || '.' || proname from pg_proc
        where pronamespace::regnamespace::text in {OURS} group by pronamespace, proname having count(*) > 1""",
        "create function api.checkout(text) returns void language sql return null::void",
        "api.checkout",
    ),
    Rule(
        "the_owner_owns_everything",
        f"""select c.oid::regclass::text from pg_class c
        where c.relnamespace::regnamespace::text in {OURS} and c.relowner <> 'owner'::regrole
        union all
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace::regnamespace::text in {OURS} and p.proowner <> 'owner'::regrole
        union all
        select n.nspname::text from pg_namespace n
        where n.nspname in ('shop', 'auth', 'api', 'v1', 'logic', 'migrations') and n.nspowner <> 'owner'::regrole""",
        "alter function api.clear_cart owner to postgres",
        "api.clear_cart()",
    ),
    Rule(
        "a_constraint_has_a_name_of_its_own_that_reads_as_a_rule",
        """select k.conrelid::regclass || ' ' || k.conname
        from pg_constraint k join pg_class c on c.oid = k.conrelid
        where c.relnamespace::regnamespace::text in ('shop', 'auth') and k.contype <> 'n' and not (case k.contype
          when 'p' then k.conname = c.relname || '_pkey'
          when 'f' then k.conname = c.relname || '_' || (
            select string_agg(a.attname, '_' order by o.n) from unnest(k.conkey) with ordinality o (attnum, n)
            join pg_attribute a on a.attrelid = c.oid and a.attnum = o.attnum) || '_fkey'
          when 'u' then k.conname = c.relname || '_' || (
            select string_agg(a.attname, '_' order by o.n) from unnest(k.conkey) with ordinality o (attnum, n)
            join pg_attribute a on a.attrelid = c.oid and a.attnum = o.attnum) || '_key'
            or k.conname ~ ('^' || c.relname || '_one_[a-z_]+$')
          else k.conname ~ ('^' || c.relname || '_[a-z0-9_]*[a-z0-9]$') and k.conname !~ '_(check|key|fkey)[0-9]*$'
        end)""",
        "alter table shop.orders add check (tax < 1000000)",
        "shop.orders orders_tax_check",
    ),
    Rule(
        "indexes_and_triggers_begin_with_their_tables_name",
        """select c.oid::regclass || ' ' || i.relname from pg_index x
        join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
        where c.relnamespace::regnamespace::text in ('shop', 'auth')
          and (i.relname !~ ('^' || c.relname || '_') or not x.indisunique and i.relname !~ '_idx$')
        union all
        select tgrelid::regclass || ' ' || tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where not tgisinternal and c.relnamespace::regnamespace::text in ('shop', 'auth')
          and tgname !~ ('^' || c.relname || '_[a-z_]+$')""",
        "create index quick on shop.orders (tax)",
        "shop.orders quick",
    ),
    Rule(
        "every_foreign_key_has_an_index_behind_it",
        """select k.conname::text from pg_constraint k join pg_class c on c.oid = k.conrelid
        where k.contype = 'f' and c.relnamespace::regnamespace::text in ('shop', 'auth') and not exists (
          select from pg_index x
          where x.indrelid = k.conrelid and x.indisvalid
            and (x.indkey::smallint[])[0 : cardinality(k.conkey) - 1] @> k.conkey
            -- A partial index serves only if it leaves out nothing but null.
            and (x.indpred is null or pg_get_expr(x.indpred, x.indrelid) = format('(%I IS NOT NULL)', (
              select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = k.conkey[1]))))""",
        "drop index shop.refunds_payment_id_idx",
        "refunds_payment_id_fkey",
    ),
    Rule(
        "every_foreign_key_says_what_happens_on_delete",
        """select conname::text from pg_constraint
        where contype = 'f' and connamespace::regnamespace::text in ('shop', 'auth') and confdeltype = 'a'""",
        """alter table shop.refunds drop constraint refunds_payment_id_fkey,
        add constraint refunds_payment_id_fkey foreign key (payment_id) references shop.payments (id)""",
        "refunds_payment_id_fkey",
    ),
    Rule(
        "nothing_lasting_leans_on_what_is_rebuilt",
        f"""select distinct pg_describe_object(d.classid, d.objid, 0) from pg_depend d
        cross join pg_identify_object_as_address(d.classid, d.objid, 0) dependent
        left join pg_class c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
        left join pg_proc p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
        left join pg_type t on d.refclassid = 'pg_type'::regclass and t.oid = d.refobjid
        where coalesce(c.relnamespace, p.pronamespace, t.typnamespace)::regnamespace::text in {DISPOSABLE}
          and split_part(dependent.object_names[1], '.', 1) not in {DISPOSABLE}""",
        "create policy orders_select_leaning on shop.orders for select to staff using (logic.is_staff())",
        "policy orders_select_leaning on table shop.orders",
    ),
    Rule(
        "times_have_zones_and_money_has_two_decimals",
        """select table_name || '.' || column_name from information_schema.columns
        where table_schema in ('shop', 'auth') and (
          data_type like '%without time zone' or data_type in ('money', 'real', 'double precision')
          or column_name ~ '(price|amount|cost|subtotal|discount|tax|price_snapshot|price_modifier)$'
            and (numeric_precision, numeric_scale) is distinct from (12, 2)
          or column_name like '%\\_at' and data_type <> 'timestamp with time zone'
          or data_type = 'boolean' and column_name !~ '^is_')""",
        "alter table shop.orders add column gift boolean, add column tip_amount double precision",
        "orders.tip_amount",
    ),
    Rule(
        "every_granted_verb_has_a_policy",
        """select c.oid::regclass || ' ' || k.verb || ' ' || r.rolname from pg_class c
        cross join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) k (verb, command)
        cross join pg_roles r
        where c.relnamespace::regnamespace::text in ('shop', 'auth') and c.relkind in ('r', 'p')
          and r.rolname in ('anon', 'customer', 'staff', 'admin', 'service', 'worker')
          and (has_table_privilege(r.oid, c.oid, k.verb)
            or k.verb <> 'delete' and has_any_column_privilege(r.oid, c.oid, k.verb))
          and not exists (
            select from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polcmd::text in ('*', k.command)
              and exists (select from unnest(p.polroles) o (oid) where pg_has_role(r.oid, o.oid, 'usage')))""",
        "grant delete on shop.orders to customer",
        "shop.orders delete customer",
    ),
    Rule(
        "visitors_and_customers_write_column_by_column",
        """select c.oid::regclass || ' ' || lower(a.privilege_type) from pg_class c, aclexplode(c.relacl) a
        where c.relnamespace::regnamespace::text in ('shop', 'auth', 'api') and a.privilege_type in ('INSERT', 'UPDATE')
          and a.grantee in ('anon'::regrole, 'customer'::regrole)""",
        "grant update on api.addresses to customer",
        "api.addresses update",
    ),
    Rule(
        "nobody_may_empty_a_table_or_hang_something_on_it",
        f"""select c.oid::regclass || ' ' || k.verb || ' ' || r.rolname from pg_class c
        cross join unnest('{{truncate,references,trigger,maintain}}'::text[]) k (verb) cross join pg_roles r
        where c.relnamespace::regnamespace::text in {OURS} and c.relkind in ('r', 'p', 'v')
          and r.rolname in ('anon', 'customer', 'staff', 'admin', 'service', 'worker', 'authenticator')
          and has_table_privilege(r.oid, c.oid, k.verb)""",
        "grant truncate on shop.products to admin",
        "shop.products truncate admin",
    ),
    Rule(
        "sequences_are_the_owners_alone",
        f"""select c.oid::regclass || ' ' || a.grantee::regrole from pg_class c, aclexplode(c.relacl) a
        where c.relkind = 'S' and c.relnamespace::regnamespace::text in {OURS} and a.grantee <> 'owner'::regrole""",
        "grant usage on sequence shop.order_numbers to customer",
        "shop.order_numbers customer",
    ),
    Rule(
        "schemas_are_open_to_those_drawn",
        f"""select n.nspname || ' ' || a.grantee::regrole || ' ' || lower(a.privilege_type)
        from pg_namespace n, aclexplode(n.nspacl) a
        where n.nspname in {OURS} and a.grantee <> 'owner'::regrole and not (
          a.privilege_type = 'USAGE' and n.nspname <> 'auth' and (
            a.grantee in ('anon'::regrole, 'customer'::regrole)
            -- PostgREST asks for its keys before it becomes anybody.
            or n.nspname = 'logic' and a.grantee::regrole::text in ('service', 'worker', 'authenticator')))""",
        "grant usage on schema auth to service",
        "auth service usage",
    ),
    Rule(
        "nothing_lives_in_public",
        """select oid::regclass::text from pg_class where relnamespace = 'public'::regnamespace
        union all
        select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace
        union all
        select oid::regtype::text from pg_type where typnamespace = 'public'::regnamespace""",
        "create function public.stray() returns integer language sql return 1",
        "stray()",
    ),
    Rule(
        "what_policies_compare_with_the_caller_is_indexed",
        r"""select p.tablename || ' ' || found[1] from pg_policies p,
          regexp_matches(
            concat(p.qual, ' ', p.with_check), '(?<![.\w])(\w+) = \( SELECT shop\.current_user_id', 'g') found
        where not exists (
          select from pg_index x join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
          where x.indrelid = format('%I.%I', p.schemaname, p.tablename)::regclass and a.attname = found[1]
            and x.indpred is null)""",
        "drop index shop.addresses_customer_id_idx",
        "addresses customer_id",
    ),
    Rule(
        "what_belongs_to_a_customer_is_in_the_export_of_their_data",
        f"""{BELONGING} select b.id::regclass::text from belonging b
        where not exists (
          select from pg_proc p
          where p.oid in ('v1.export_me()'::regprocedure, 'v1.get_me()'::regprocedure,
            'v1.get_cart(text)'::regprocedure, 'logic.account_json()'::regprocedure,
            'logic.orders_json(uuid[])'::regprocedure)
            and p.prosrc ~ (replace(b.id::regclass::text, 'shop.', '(shop|api)\\.') || '\\M'))
          and b.id::regclass::text not in (
            -- The shop's own keys; hashes of links; answers that are given again for a week; the books of
            -- stock and money; coupons and disputes, which the orders tell of.
            'auth.api_keys', 'auth.one_time_tokens', 'auth.recovery_codes', 'shop.idempotency_keys',
            'shop.reservations', 'shop.stock_movements', 'shop.promotion_uses', 'shop.disputes',
            'shop.ledger_entries', 'shop.shipment_items')""",
        """create table shop.diaries (customer_id uuid references shop.customers (id) on delete cascade)""",
        "shop.diaries",
    ),
    Rule(
        "what_stays_of_an_erased_customer_holds_no_words",
        f"""{KEPT} select k.id::regclass || '.' || a.attname from kept k
        join pg_attribute a on a.attrelid = k.id and a.attnum > 0 and not a.attisdropped
        where a.atttypid in ('text'::regtype, 'jsonb'::regtype, 'json'::regtype, 'bytea'::regtype, 'inet'::regtype)
          and not exists (
            select from pg_proc p
            where p.oid = 'logic.erase_customer(uuid)'::regprocedure and p.prosrc ~ ('\\m' || a.attname || ' ='))
          and k.id::regclass || '.' || a.attname not in (
            'auth.api_keys.name', 'auth.api_keys.prefix', 'auth.api_keys.key_hash',
            'shop.orders.order_number', 'shop.orders.status', 'shop.orders.currency', 'shop.orders.cancelled_by',
            'shop.orders.carrier', 'shop.orders.coupon_code', 'shop.order_items.product_name',
            'shop.order_items.variant_name',
            'shop.order_items.sku', 'shop.order_status_history.status', 'shop.reservations.state',
            'shop.stock_movements.reason', 'shop.payments.intent_id', 'shop.payments.status',
            'shop.payments.currency', 'shop.payments.method',
            'shop.refunds.status', 'shop.refunds.stripe_refund_id', 'shop.disputes.id', 'shop.disputes.status',
            'shop.ledger_entries.account', 'shop.ledger_entries.currency', 'shop.ledger_entries.source_id',
            'shop.order_status_history.actor', 'shop.shipments.carrier', 'shop.order_notes.text',
            'shop.order_notes.author', 'shop.payments.capture_method', 'shop.stock_movements.note')""",
        "alter table shop.orders add column gift_message text",
        "shop.orders.gift_message",
    ),
]
