import type { ReactNode } from "react";

export interface Option<T extends string> {
  value: T;
  title: string;
  note?: ReactNode;
}

/** Choices is one question with a few answers, each with a word of explanation. */
export function Choices<T extends string>(props: {
  legend: string;
  name: string;
  options: Option<T>[];
  value: T | "";
  onChange: (value: T) => void;
}) {
  const { legend, name, options, value, onChange } = props;
  return (
    <fieldset className="choices">
      <legend className="legend">{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="choice">
          <input type="radio" name={name} value={option.value} checked={value === option.value} onChange={() => onChange(option.value)} />
          <strong>{option.title}</strong>
          {option.note && <span>{option.note}</span>}
        </label>
      ))}
    </fieldset>
  );
}
