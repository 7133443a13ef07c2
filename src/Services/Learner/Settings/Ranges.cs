using System.ComponentModel.DataAnnotations;

namespace Rlhf.Learner.Settings;

/// <summary>Reads option messages, in which zero means the default.</summary>
internal static class Ranges
{
    /// <summary>The value, or the default where it is zero.</summary>
    public static int Or(int value, int fallback) => value == 0 ? fallback : value;

    /// <summary>The value, or the default where it is zero.</summary>
    public static double Or(double value, double fallback) => value == 0 ? fallback : value;

    /// <summary>The settings, when every value lies in its range.</summary>
    /// <exception cref="ArgumentException">One does not; the message says which and what the range is.</exception>
    public static T Checked<T>(T settings)
        where T : class
    {
        var wrong = new List<ValidationResult>();
        return Validator.TryValidateObject(settings, new ValidationContext(settings), wrong, validateAllProperties: true)
            ? settings
            : throw new ArgumentException(
                string.Join(" ", wrong.Select(result => result.ErrorMessage)), wrong[0].MemberNames.FirstOrDefault());
    }
}
