create function logic.product_conditions(filters jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  -- Who sells may ask for what is not sold.
  conditions text[] := array[
    case when not filters ? 'is_active' then 'p.is_active' when logic.is_staff() then 'not p.is_active' else 'false' end
  ];
  category_ids uuid[] := array(select i.id::uuid from jsonb_array_elements_text(filters -> 'category_ids') i (id));
  choice record;
  before record;
  same_variant text;
begin
  -- Only what was asked for, and with its values: so each statement gets a plan of its own.
  if filters ? 'category_ids' then
    -- One category as an equation: then an index has it in every order.
    conditions := conditions || case when cardinality(category_ids) = 1 then format('p.category_id = %L', category_ids[1])
      else format('p.category_id = any (%L)', category_ids) end;
  end if;
  if filters ? 'price_min' then
    conditions := conditions || format('p.price_cents >= %s', ceil((filters ->> 'price_min')::numeric * 100));
  end if;
  if filters ? 'price_max' then
    conditions := conditions || format('p.price_cents <= %s', floor((filters ->> 'price_max')::numeric * 100));
  end if;
  if filters ? 'min_rating' then
    conditions := conditions || format('p.rating_tenths >= %s', ceil((filters ->> 'min_rating')::numeric * 10));
  end if;
  if filters ? 'in_stock' then
    conditions := conditions || 'p.is_in_stock'::text;
  end if;
  if filters ? 'is_featured' then
    conditions := conditions || case when (filters ->> 'is_featured')::boolean then 'p.is_featured' else 'not p.is_featured' end;
  end if;
  if filters ? 'brand' then
    conditions := conditions || format('lower(p.brand) = %L', filters ->> 'brand');
  end if;
  if filters ? 'name' then
    conditions := conditions
      || format('p.name ilike %L', '%' || regexp_replace(filters ->> 'name', '([\\%_])', '\\\1', 'g') || '%');
  end if;
  if filters ? 'search' then
    conditions := conditions || format('p.search_document @@ %L::tsquery', logic.search_query(filters ->> 'search'));
  end if;
  for choice in
    select o.name, array_agg(o.value) as values, count(*) over () as names
    from (
      select btrim(split_part(pair, ':', 1)) as name, btrim(split_part(pair, ':', 2)) as value
      from unnest(string_to_array(filters ->> 'options', ',')) pair
    ) o
    group by o.name order by o.name collate "C"
  loop
    if choice.names = 1 then
      conditions := conditions || format('p.options && %L', array(select choice.name || ':' || v from unnest(choice.values) v));
    elsif before is not null then
      -- Each with the one before it, which an index knows of one variant; of three and more, its row is asked besides.
      conditions := conditions || format('p.option_pairs && %L', array(
        select format('%s:%s,%s:%s', before.name, b, choice.name, c) from unnest(before.values) b, unnest(choice.values) c
      ));
    end if;
    before := choice;
    if choice.names > 2 then
      same_variant := concat_ws(' and ', same_variant, format('v.attributes ->> %L = any (%L)', choice.name, choice.values));
    end if;
  end loop;
  if same_variant is not null then
    -- Not exists: that would become a join, of everything with everything.
    conditions := conditions || format(
      '(select true from shop.product_variants v where v.product_id = p.id and v.is_active and %s limit 1)', same_variant
    );
  end if;
  return array_to_string(conditions, ' and ');
end;
$$;
comment on function logic.product_conditions is
  'What logic.product_filters made, as conditions on shop.products p. For functions that look under row-level security.';
