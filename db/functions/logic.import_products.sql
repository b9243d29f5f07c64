create function logic.import_products(lines jsonb, correct_stock boolean default false)
returns table (line bigint, outcome text, reason text)
language plpgsql set search_path = '' as $$
declare
  entry jsonb;
  violated text;
  said text;
begin
  for entry in select e.value from jsonb_array_elements(lines) with ordinality e order by e.ordinality loop
    line := (entry ->> 'line')::bigint;
    outcome := null;
    reason := null;
    -- A subtransaction for each line: what the tables refuse is reported, and the rest of the batch stays.
    begin
      outcome := logic.import_product(entry -> 'fields', correct_stock);
    exception when integrity_constraint_violation or data_exception or program_limit_exceeded then
      get stacked diagnostics violated = constraint_name, said = message_text;
      outcome := 'rejected';
      reason := case violated
        when 'product_variants_sku_key' then 'the SKU belongs to a variant of another product'
        when 'product_variants_price_not_negative' then 'price and price_modifier together are negative'
        when 'products_slug_key' then 'another product has this slug'
        when 'products_slug_is_a_slug' then 'slug is no slug: lower case letters, digits, single hyphens'
        when 'product_variants_attributes_are_plain' then 'the options are longer than 2000 characters'
        when 'stock_is_sufficient' then 'stock_quantity is less than what orders hold'
        else coalesce(nullif(replace(violated, '_', ' '), ''), said)
      end;
    end;
    return next;
  end loop;
end;
$$;
comment on function logic.import_products is
  'Imports a batch of [{line, fields}] and tells for each line created, updated, unchanged, repeated or rejected with a reason. For the command line, as owner; the caller has made the temporary table imported_skus (sku text primary key).';
