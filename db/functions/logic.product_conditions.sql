create function logic.product_conditions(filters jsonb) returns text
language plpgsql stable set search_path = '' as $$
declare
  -- Who sells may ask for what is not sold.
  conditions text[] := array[
    case when not filters ? 'is_active' then 'p.is_active' when logic.is_staff() then 'not p.is_active' else 'false' end
  ];
  category_ids uuid[] := array(select i.id::uuid from jsonb_array_elements_text(filters -> 'category_ids') i (id));
  choice record;
begin
  -- Only what was asked for, and with its values: so each statement gets a plan of its own.
  if filters ? 'category_ids' then
    -- One category as an equation: then an index has it in every order.
    conditions := conditions || case when cardinality(category_ids) = 1 then format('p.category_id = %L', category_ids[1])
      else format('p.category_id = any (%L)', category_ids) end;
  end if;
  if filters ? 'price_min' then
    conditions := conditions || format('p.price >= %L', (filters ->> 'price_min')::numeric);
  end if;
  if filters ? 'price_max' then
    conditions := conditions || format('p.price <= %L', (filters ->> 'price_max')::numeric);
  end if;
  if filters ? 'min_rating' then
    conditions := conditions || format('coalesce(p.average_rating, 0) >= %L', (filters ->> 'min_rating')::numeric);
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
  if filters ? 'options' then
    -- One variant has them all; of values for one name, any.
    conditions := conditions || (
      select format(
        'p.id in (select v.product_id from shop.product_variants v where v.is_active and not v.is_default and %s)',
        string_agg('(' || o.alternatives || ')', ' and ')
      )
      from (
        select string_agg(format('v.attributes @> %L', jsonb_build_object(o.name, o.value)), ' or ') as alternatives
        from (
          select btrim(split_part(pair, ':', 1)) as name, btrim(split_part(pair, ':', 2)) as value
          from unnest(string_to_array(filters ->> 'options', ',')) pair
        ) o
        group by o.name
      ) o
    );
  end if;
  return array_to_string(conditions, ' and ');
end;
$$;
comment on function logic.product_conditions is
  'What logic.product_filters made, as conditions on shop.products p. For functions that look under row-level security.';
